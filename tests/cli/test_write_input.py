"""What goes wrong before `novelcraft write` asks a model anything."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PREMISE = "A lighthouse keeper finds that the sea answers letters"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["", "--out", "n"], 13, "The premise is empty"),
        (["no-such-novel"], 13, "there is no such file or folder"),
        ([PREMISE, "--pages", "0"], 14, "--pages = 0: must be a whole number from 1 to 2000"),
        ([PREMISE, "--pages", "10000"], 14, "--pages = 10000"),
        ([PREMISE, "--attend", "book"], 11, "--attend = book: must be a list of any of plan"),
        ([PREMISE, "--out", "n" * 300], 10, "this name is too long"),
        ([PREMISE, "--until", "noon"], 2, "neither 'plan' nor a number of scenes"),
        ([PREMISE, "--until", "0"], 2, "neither 'plan' nor a number of scenes"),
    ],
)
def test_wrong_input_makes_no_folder(
    run: Run, here: Path, arguments: list[str], code: int, words: str
) -> None:
    told = run("write", *arguments)
    assert told.code == code
    assert words in told.err
    assert list(here.iterdir()) == []


def test_a_wrong_setting_makes_no_folder(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NARRATOR", "gpt-9")
    told = run("write", PREMISE)
    assert told.code == 11
    assert "the environment: NARRATOR = gpt-9" in told.err
    assert list(here.iterdir()) == []


def test_an_unknown_role(run: Run, here: Path) -> None:
    run("new", "n", "--premise", PREMISE)
    toml = here / "n" / "novel.toml"
    toml.write_text(toml.read_text("utf-8") + "[roles.writer]\nmodel = 'openai:a'\n", "utf-8")
    told = run("write", "n")
    assert told.code == 12
    assert "there is no such role. Roles are reasoning, narrator, cheap" in told.err


def test_a_broken_file_is_left_alone(run: Run, here: Path) -> None:
    run("new", "n", "--premise", PREMISE)
    toml = here / "n" / "novel.toml"
    toml.write_text("[novel]\npages = \n", encoding="utf-8")
    told = run("write", "n", "--pages", 5)
    assert told.code == 11
    assert "line 2, column 9" in told.err
    assert toml.read_text("utf-8") == "[novel]\npages = \n"


def test_a_folder_without_a_novel(run: Run, here: Path) -> None:
    (here / "n").mkdir()
    told = run("write", "n")
    assert told.code == 21
    assert "holds no novel" in told.err


def test_a_folder_with_other_files(run: Run, here: Path) -> None:
    (here / "n").mkdir()
    (here / "n" / "taxes.ods").write_text("", encoding="utf-8")
    assert run("write", PREMISE, "--out", "n").code == 21
    assert [p.name for p in (here / "n").iterdir()] == ["taxes.ods"]


def test_a_folder_with_another_novel(run: Run, here: Path) -> None:
    run("new", "n", "--premise", PREMISE)
    told = run("write", "A baker finds that bread remembers", "--out", "n")
    assert told.code == 20
    assert "another novel: “A lighthouse keeper" in told.err


def test_out_makes_no_sense_for_a_novel_that_is_there(run: Run, here: Path) -> None:
    run("new", "n", "--premise", PREMISE)
    told = run("write", "n", "--out", "m")
    assert told.code == 10
    assert "is a novel already" in told.err


def test_a_server_that_is_not_there(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("REASONING", "NARRATOR"):
        monkeypatch.setenv(role, "openai:some-model")
        monkeypatch.setenv(f"{role}_BASE_URL", "http://127.0.0.1:9/v1")
    told = run("write", PREMISE, "--pages", 2, "--out", "n")
    assert told.code == 31
    assert "127.0.0.1:9" in told.err
    assert "go on with: novelcraft write n" in told.err
    assert "Traceback" not in told.err


def test_a_novel_that_was_not_begun_takes_other_numbers(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NARRATOR", "openai:some-model")
    monkeypatch.setenv("NARRATOR_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("REASONING", "openai:some-model")
    monkeypatch.setenv("REASONING_BASE_URL", "http://127.0.0.1:9/v1")
    run("new", "n", "--premise", PREMISE)
    assert run("write", "n", "--pages", 5, "--chapters", 2).code == 31
    novel = tomllib.loads((here / "n" / "novel.toml").read_text("utf-8"))["novel"]
    assert (novel["pages"], novel["chapters"]) == (5, 2)


@pytest.mark.parametrize("verb", [["show"], ["log"], ["export"], ["exempt"]])
def test_the_other_verbs_want_a_novel_too(run: Run, here: Path, verb: list[str]) -> None:
    rest = ["prose.loop:x", "--reason", "y"] if verb == ["exempt"] else []
    told = run(*verb, "n", *rest)
    assert told.code == 21
    assert "holds no novel" in told.err


def test_show_wants_a_scene_where_there_is_one_to_show(run: Run, here: Path) -> None:
    run("new", "n", "--premise", PREMISE)
    assert "needs the number of a scene" in run("show", "n", "scene").err
    assert "takes no scene" in run("show", "n", "plan", "3").err


def test_a_novel_that_was_not_begun_can_be_looked_at(run: Run, here: Path) -> None:
    run("new", "n", "--premise", PREMISE)
    told = run("show", "n")
    assert told.code == 0
    assert "not planned yet" in told.out
    assert "novelcraft write n" in told.out
    assert run("show", "n", "plan").code == 16
    assert "no scene yet" in run("log", "n").out
    assert run("export", "n").code == 16
