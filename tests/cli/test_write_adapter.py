"""`novelcraft write` with an adapter that failed the gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.finetune.registry.cards import register
from tests.cli.conftest import Run
from tests.fakes.server import FakeServer
from tests.finetune.cards import RECITES, evaluation, trained

PREMISE = "A lighthouse keeper finds that the sea answers letters"


def test_it_is_refused_unless_a_person_says_otherwise(
    run: Run, served: Callable[..., FakeServer], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = served(flavour="vllm", adapters=["poe"])
    monkeypatch.setenv("NARRATOR_ADAPTER", "poe")
    adapter = trained(here / "adapters" / "poe")
    register(adapter, evaluation=evaluation(adapter, recites=True))
    told = run("write", PREMISE, "--pages", 4, "--out", "n", "--until", "plan")
    assert told.code == 68
    assert "The adapter poe failed the gate" in told.err
    assert RECITES in told.err
    assert "--allow-failed-adapter" in told.err
    assert not server.requests
    told = run("write", "n", "--until", "plan", "--allow-failed-adapter")
    assert told.code == 0, told.err
    assert "used all the same" in told.err
    # It was said for that run, not for the novel.
    assert "allow_failed_adapter = true" not in (here / "n/novel.toml").read_text("utf-8")
    assert run("write", "n", "--until", "1").code == 68
