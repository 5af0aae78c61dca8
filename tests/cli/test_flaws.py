"""How the program ends where a book is not what it should be: the codes are documented."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fakes import script as s
from tests.fakes.server import FakeServer

PREMISE = "A baker finds that bread remembers"
Served = Callable[..., FakeServer]


def test_no_scene_is_code_42_and_the_same_command_goes_on(
    run: Run, served: Served, here: Path
) -> None:
    script = s.Script()
    refusing = script.on(s.prose, s.refuse(), after=1)
    served(script=script)
    ended = run("write", PREMISE, "--pages", 6, "--out", "book", "--quiet")
    assert ended.code == 42
    assert "refuses" in ended.err
    assert "novelcraft write book" in ended.err
    assert not list((here / "book").rglob("*.epub"))
    assert run("write", "book", "--quiet").code == 42
    refusing.count = 0
    assert run("write", "book", "--quiet").code == 0


def test_scene_after_scene_at_the_cap_is_code_43(run: Run, served: Served, here: Path) -> None:
    script = s.Script()
    script.on(s.prose, s.loop())
    served(script=script)
    ended = run("write", PREMISE, "--pages", 12, "--out", "book", "--quiet")
    assert ended.code == 43
    assert "stop_after_capped" in ended.err


def test_a_finished_book_with_findings_that_block_is_code_44_and_is_exported(
    run: Run, served: Served, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOVELCRAFT_WRITE_STOP_AFTER_CAPPED", "0")
    script = s.Script()
    script.on(s.prose, s.edit(lambda text: f"## Notes\n\n{text}"))
    served(script=script, flavour="openai")
    for said in ("", "Nothing to do"):
        ended = run("write", PREMISE, "--pages", 6, "--out", "book", "--quiet")
        assert ended.code == 44
        assert said in ended.out
        assert re.search(r"Kept at the cap on attempts \(\d+\):\n +scene 1 ", ended.out)
        assert "prose.leak" in ended.out
        assert Path(ended.out.splitlines()[-1]).suffix == ".epub"
        assert "novelcraft redraw book" in ended.err
    files = run("export", "book", "--format", "md")
    assert files.code == 0
    assert re.search(r"The book holds \d+ findings? that should have kept scenes out", files.err)
    assert "novelcraft show book findings" in files.err
    assert [Path(line).suffix for line in files.out.splitlines()] == [".md"]
    shown = run("show", "book", "findings").out
    for key in set(re.findall(r"prose\.leak:\w+", shown)):
        assert run("exempt", "book", key, "--reason", "Meant.").code == 0
    assert run("write", "book", "--quiet").code == 0
    assert "The book holds" not in run("export", "book", "--format", "md").err
