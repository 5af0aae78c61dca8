"""A whole novel by the command line, from the premise to the EPUB, against the fake server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.cli import main
from tests.cli.conftest import Run, point_roles_at
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"
Served = Callable[..., FakeServer]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished novel of six pages, made once."""
    folder = tmp_path_factory.mktemp("finished") / "n"
    with FakeServer() as server, pytest.MonkeyPatch.context() as patch:
        point_roles_at(server, patch)
        with pytest.raises(SystemExit) as ended:
            main(["write", PREMISE, "--pages", "6", "--out", str(folder), "--quiet"])
    assert not ended.value.code
    return folder


@pytest.fixture
def novel(finished: Path, served: Served, here: Path) -> Path:
    """The finished novel in the current folder as `n`, with a server for all roles."""
    served()
    return Path(shutil.copytree(finished, here / "n"))


def test_from_premise_to_epub(run: Run, served: Served, here: Path) -> None:
    served()
    told = run("write", PREMISE, "--pages", 6, "--out", "n")
    assert told.code == 0, told.err
    assert Path(told.out.splitlines()[-1]).suffix == ".epub"
    assert Path(told.out.splitlines()[-1]).is_file()
    assert " passed the checks; " in told.out
    assert "a novel of 6 pages on branch main" in told.err
    assert "plan ready: " in told.err
    assert "scene 1 of " in told.err


def test_the_same_command_again_has_nothing_to_do(run: Run, served: Served, here: Path) -> None:
    server = served()
    first = run("write", PREMISE, "--pages", 6, "--out", "n")
    asked = len(server.requests)
    for arguments in (["write", PREMISE, "--pages", 6, "--out", "n"], ["write", "n"]):
        again = run(*arguments)
        assert again.code == 0
        assert "Nothing to do: n is finished." in again.out
        assert again.out.splitlines()[-1] == first.out.splitlines()[-1]
    assert len(server.requests) == asked


def test_a_begun_novel_keeps_its_numbers(run: Run, novel: Path) -> None:
    before = (novel / "novel.toml").read_bytes()
    told = run("write", "n", "--seed", 5)
    assert told.code == 10
    assert "was begun with seed = 1; it cannot go on with 5" in told.err
    assert run("write", "n", "--chapters", 9).code == 10
    assert (novel / "novel.toml").read_bytes() == before


def test_a_novel_whose_settings_were_deleted_can_be_gone_on_with(run: Run, novel: Path) -> None:
    (novel / "novel.toml").unlink()
    for arguments in (["write", "n"], ["show", "n"], ["export", "n"], ["log", "n"]):
        told = run(*arguments)
        assert told.code == 21
        assert "n holds a novel, but its novel.toml is gone" in told.err
        assert "novelcraft new n --premise" in told.err
    assert run("new", "n", "--premise", PREMISE, "--pages", 12).code == 0
    told = run("write", "n")
    assert told.code == 14
    assert "branch main was planned for 6 of them" in told.err
    assert run("write", "n", "--pages", 6).out.startswith("Nothing to do: n is finished.")
    assert "scene 1, s001, " in run("show", "n", "scene", "1").out


def test_stop_after_the_plan_then_after_scenes(run: Run, served: Served, here: Path) -> None:
    served()
    told = run("write", PREMISE, "--pages", 6, "--out", "n", "--until", "plan")
    assert told.code == 0, told.err
    assert "The plan is ready" in told.out
    assert "novelcraft write n" in told.out.splitlines()[-1]
    assert run("show", "n", "plan").out.strip()
    told = run("write", "n", "--until", 1)
    assert "Stopped, with 1 scene written." in told.out
    told = run("write", "n")
    assert told.out.splitlines()[-1].endswith(".epub")
    assert "going on with branch main: 1 scene, " in told.err


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (["status"], "Finished."),
        (["plan"], "Chapter 1: "),
        (["scene", "1"], "scene 1, s001, "),
        (["prompt", "1"], "tokens by part"),
        (["summary", "1"], ""),
        (["facts"], ""),
        (["findings"], ""),
        (["stale"], "No scene is stale."),
        (["calls"], "narrator"),
    ],
)
def test_looking_at_it(run: Run, novel: Path, subject: list[str], words: str) -> None:
    told = run("show", "n", *subject)
    assert told.code == 0, told.err
    assert told.out.strip()
    assert words in told.out


def test_the_log_names_scenes_that_can_be_shown(run: Run, novel: Path) -> None:
    told = run("log", "n")
    first = told.out.splitlines()[0]
    assert "s001" in first
    commit = next(word for word in first.split() if len(word) == 10)
    assert run("show", "n", "scene", commit).out.startswith("scene 1, s001, ")
    assert "> main" in told.out


def test_a_scene_that_is_not_there(run: Run, novel: Path) -> None:
    for arguments in (
        ["show", "n", "scene", "99"],
        ["fork", "n", "--at", "99", "--name", "b"],
        ["redraw", "n", "99"],
        ["edit", "n", "99"],
    ):
        told = run(*arguments)
        assert told.code == 16
        assert "99" in told.err


def test_a_branch_that_is_not_there(run: Run, novel: Path) -> None:
    for arguments in (["log", "n"], ["show", "n"], ["write", "n"], ["export", "n"]):
        assert run(*arguments, "--branch", "nowhere").code == 16


def test_another_way_on(run: Run, novel: Path) -> None:
    told = run("fork", "n", "--at", 1, "--name", "she-stays")
    assert told.code == 0, told.err
    assert "Branch she-stays starts after scene 1." in told.out
    assert "novelcraft write n --branch she-stays" in told.out
    assert run("write", "n", "--branch", "she-stays").code == 0
    log = run("log", "n", "--branch", "she-stays").out
    assert "> she-stays" in log
    assert "  main" in log


def test_ones_own_words(run: Run, novel: Path, here: Path) -> None:
    words = here / "words.md"
    words.write_text("The lamp was cold. She lit it again. " * 60, encoding="utf-8")
    told = run("edit", "n", 1, "--file", words)
    assert told.code == 0, told.err
    assert "Scene 1 is replaced" in told.out
    assert "The lamp was cold." in run("show", "n", "scene", 1).out
    assert "*" in run("log", "n").out.splitlines()[0]


def test_an_editor(run: Run, novel: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    assert run("edit", "n", 1).out == "Nothing was changed.\n"
    monkeypatch.setenv("EDITOR", "false")
    told = run("edit", "n", 1)
    assert told.code == 10
    assert "The editor 'false' failed" in told.err
    monkeypatch.setenv("EDITOR", "sed -i '$ a The lamp was cold that night.'")
    assert "Scene 1 is replaced" in run("edit", "n", 1).out
    assert "The lamp was cold that night." in run("show", "n", "scene", 1).out


@pytest.mark.parametrize("content", ["", "  \n"])
def test_no_words(run: Run, novel: Path, here: Path, content: str) -> None:
    words = here / "words.md"
    words.write_text(content, encoding="utf-8")
    assert "is empty" in run("edit", "n", 1, "--file", words).err
    assert run("edit", "n", 1, "--file", here / "none.md").code == 10


def test_a_scene_drawn_again(run: Run, novel: Path) -> None:
    before = run("show", "n", "scene", 1).out
    told = run("redraw", "n", 1, "--note", "More sea.")
    assert told.code == 0, told.err
    assert "Scene 1 is replaced" in told.out
    assert run("show", "n", "scene", 1).out != before


def test_files_again(run: Run, novel: Path) -> None:
    told = run("export", "n", "--format", "md, EPUB")
    assert told.code == 0, told.err
    assert [Path(line).suffix for line in told.out.splitlines()] == [".md", ".epub"]
    told = run("export", "n", "--format", "scroll")
    assert told.code == 10
    assert "scroll" in told.err


def test_a_finding_that_is_meant(run: Run, novel: Path) -> None:
    assert run("exempt", "n", "prose.loop:x", "--reason", "A refrain").code == 0
    told = run("exempt", "n", "x", "--reason", "A refrain")
    assert told.code == 10
    assert "check:about" in told.err


def test_an_attended_run_without_a_person_stops(
    run: Run, served: Served, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served()
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        told = run("write", PREMISE, "--pages", 6, "--out", "n", "--attend", "plan")
    assert told.code == 0, told.err
    assert "[a]ccept, [r]edraw or [s]top?" in told.err
    assert told.out.startswith("Stopped")
    assert "Stopped, with 0 scenes written." in told.out
    assert run("write", "n").out.splitlines()[-1].endswith(".epub")
