"""`novelcraft status`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fakes.server import FakeServer


def test_the_servers_of_the_environment(run: Run, served: Callable[..., FakeServer]) -> None:
    server = served(flavour="openai")
    told = run("status")
    assert told.code == 0
    assert f"reasoning, narrator, cheap: {server.base_url}" in told.out
    assert "well (OpenAI's protocol): fake-model" in told.out
    assert not server.requests


def test_a_server_that_is_gone_is_said_and_no_fault_of_the_command(
    run: Run, served: Callable[..., FakeServer]
) -> None:
    served().close()
    told = run("status")
    assert told.code == 0
    assert "not well: No server answers" in told.out


def test_a_novel_has_servers_of_its_own(
    run: Run, serve: Callable[..., FakeServer], tmp_path: Path
) -> None:
    server = serve(flavour="openai", models=["its-own"])
    (tmp_path / "novel.toml").write_text(
        f'[roles.narrator]\nmodel = "openai:its-own"\nbase_url = "{server.base_url}"\n'
    )
    told = run("status", tmp_path)
    assert f"narrator: {server.base_url}" in told.out
    assert "its-own" in told.out


@pytest.mark.parametrize("url", ["ftp://x", "http://"])
def test_a_url_that_is_none(run: Run, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NARRATOR", "openai:m")
    monkeypatch.setenv("NARRATOR_BASE_URL", url)
    assert run("status").code == 11
