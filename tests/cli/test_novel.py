"""A whole novel by the command line, from the premise to the EPUB, against the fake server."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.cli import main
from novelcraft.errors import DiskFullError, ProjectBusyError
from novelcraft.graphs.novel import Novel
from novelcraft.tools.storage.lock import ProjectLock
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
        (["stale"], "No scene is stale."),
        (["calls"], "narrator"),
    ],
)
def test_looking_at_it(run: Run, novel: Path, subject: list[str], words: str) -> None:
    told = run("show", "n", *subject)
    assert told.code == 0, told.err
    assert words in told.out


def test_looking_at_what_is_remembered(run: Run, novel: Path) -> None:
    with Novel.open(novel) as opened:
        head = opened.store.branch("main").head
        chain = opened.store.chain(head)
        facts = opened.store.facts_as_of(head)
    assert chain[0].summary
    assert run("show", "n", "summary", 1).out == chain[0].summary + "\n"
    assert len(facts) > 1
    lines = run("show", "n", "facts").out.splitlines()
    keys = [f.key for commit in chain for f in commit.findings]
    shown = run("show", "n", "findings").out.splitlines()
    assert [line.split()[1] for line in shown if line.startswith("    key ")] == keys
    assert lines == [f"{at:>4}  {fact.subject}: {fact.statement}" for at, fact in facts]


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


def test_words_from_an_editor_outlive_a_server_that_is_down(
    run: Run, novel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i '$ a The lamp was cold that night.'")
    with monkeypatch.context() as down:
        down.setenv("REASONING_BASE_URL", "http://127.0.0.1:9/v1")
        told = run("edit", "n", 1)
    assert told.code == 31
    assert told.err.rstrip().endswith("Then go on with: novelcraft steer n apply")
    told = run("steer", "n", "apply")
    assert told.code == 0, told.err
    assert "The lamp was cold that night." in run("show", "n", "scene", 1).out


def test_words_from_an_editor_outlive_a_novel_that_is_busy(
    run: Run, novel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i '$ a The lamp was cold that night.'")
    with ProjectLock(novel):
        told = run("edit", "n", 1)
    assert told.code == ProjectBusyError.exit_code
    assert told.err.rstrip().endswith("then: novelcraft edit n 1 --file n/edit-s001.md")
    told = run("edit", "n", 1, "--file", novel / "edit-s001.md")
    assert told.code == 0, told.err
    assert "The lamp was cold that night." in run("show", "n", "scene", 1).out


def test_words_from_an_editor_outlive_a_disk_that_fills_up_meanwhile(
    run: Run, novel: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(novel, small_disk / "n", ignore=shutil.ignore_patterns("exports"))
    writes = "sed -i '$ a The lamp was cold that night.' $0"
    fills = f"cat /dev/zero > {shlex.quote(str(small_disk / 'ballast'))}"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", shlex.join(["sh", "-c", f"{writes}; {fills} 2> /dev/null; true"]))
    told = run("edit", folder, 1)
    assert told.code == DiskFullError.exit_code
    kept = Path(shlex.split(told.err.rpartition("--file ")[2])[0])
    assert kept.read_text(encoding="utf-8").endswith("The lamp was cold that night.\n")
    kept.unlink()


def test_going_on_repeats_what_was_asked(
    run: Run, novel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("fork", "n", "--at", 1, "--name", "b").code == 0
    monkeypatch.setenv("REASONING_BASE_URL", "http://127.0.0.1:9/v1")
    told = run("redraw", "n", 1, "--note", "More sea, less 'I'.", "--branch", "b")
    assert told.code == 31
    again = shlex.split(told.err.rpartition("go on with: ")[2])
    assert again == ["novelcraft", "steer", "n", "--branch", "b", "apply"]
    told = run("write", "n", "--branch", "b", "--attend", "chapter")
    again = shlex.split(told.err.rpartition("go on with: ")[2])
    assert again == ["novelcraft", "write", "n", "--attend", "chapter", "--branch", "b"]


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


@pytest.mark.parametrize("formats", ["", " , "])
def test_no_format_is_no_export(run: Run, novel: Path, formats: str) -> None:
    told = run("export", "n", "--format", formats)
    assert told.code == 10
    assert "No format is named" in told.err
    assert "epub" in told.err


def test_a_pdf_that_was_asked_for_and_cannot_be_made_is_an_error(
    run: Run, novel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(novel))  # no PDF engine is there
    told = run("export", "n", "--format", "pdf,md")
    assert told.code == 28
    assert [Path(line).suffix for line in told.out.splitlines()] == [".md"]
    assert "No PDF engine is installed" in told.err
    assert "Not made: pdf." in told.err
    told = run("export", "n")
    assert told.code == 0
    assert "No PDF engine is installed" in told.err


def test_a_finding_that_is_meant(run: Run, novel: Path) -> None:
    (novel / "words.md").write_text("The lamp was cold. She lit it again. " * 60, encoding="utf-8")
    assert run("edit", "n", 1, "--file", novel / "words.md").code == 0
    listed = run("show", "n", "findings").out
    key = next(line.split()[1] for line in listed.splitlines() if line.strip().startswith("key "))
    told = run("exempt", "n", key[:-1], "--reason", "A refrain")
    assert told.code == 16
    assert f"Did you mean {key!r}?" in told.err
    assert "novelcraft show n findings" in told.err
    assert run("exempt", "n", "prose.made_up:x", "--reason", "A refrain").code == 16
    assert "(intended)" not in run("show", "n", "findings").out
    assert run("exempt", "n", key, "--reason", "A refrain").code == 0
    assert f"key {key} (intended)" in run("show", "n", "findings").out
    assert run("exempt", "n", key, "--reason", "A chorus").code == 0


def test_a_persons_scene_with_findings_that_block_has_not_passed(run: Run, novel: Path) -> None:
    assert "by your word" not in run("write", "n").out
    (novel / "words.md").write_text("The lamp was cold. She lit it again. " * 60, encoding="utf-8")
    assert run("edit", "n", 1, "--file", novel / "words.md").code == 0
    told = run("write", "n")
    assert told.code == 44, told.err
    assert "1 scene stands by your word, with findings that would have kept a draft" in told.out
    assert "Let in by a person, with findings that block (1):" in told.out
    report = (novel / "exports" / "report.html").read_text(encoding="utf-8")
    assert "<h2>Let in by a person</h2>" in report


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
