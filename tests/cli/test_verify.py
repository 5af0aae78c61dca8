"""A scene that was changed in novel.db is named by every verb, and `verify` mends it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from novelcraft.cli import main
from novelcraft.graphs.novel import Novel
from novelcraft.state.manuscript import SceneCommit
from tests.cli.conftest import Run, point_roles_at
from tests.fakes.server import FakeServer

CHANGED = "Elias sold the boat.\n\nHe did not look back."


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A novel of four scenes, of which there are more to come; made once."""
    folder = tmp_path_factory.mktemp("written") / "n"
    ask = ["write", "A keeper writes to the sea", "--pages", "12", "--until", "4"]
    with FakeServer() as server, pytest.MonkeyPatch.context() as patch:
        point_roles_at(server, patch)
        with pytest.raises(SystemExit) as ended:
            main([*ask, "--out", str(folder), "--quiet"])
    assert not ended.value.code
    return folder


@pytest.fixture
def novel(written: Path, served: Callable[..., FakeServer], here: Path) -> Path:
    """That novel in the current folder as `n`, with a server for all roles."""
    served()
    return Path(shutil.copytree(written, here / "n"))


def shell(folder: Path, *statements: str) -> None:
    """What a person does in an SQL shell, which checks no references."""
    with closing(sqlite3.connect(folder / "novel.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def chain(folder: Path) -> list[SceneCommit]:
    with Novel.open(folder) as novel:
        return novel.store.chain(novel.store.branch("main").head)


def test_a_sound_novel(run: Run, novel: Path) -> None:
    told = run("verify", "n")
    assert told.code == 0
    assert told.out == "All is as it was stored: 4 scenes on all branches, 2 plans.\n"


@pytest.mark.parametrize("verb", [["write"], ["log"], ["export"], ["show"], ["edit"], ["verify"]])
def test_every_verb_names_the_scene_and_what_to_do(run: Run, novel: Path, verb: list[str]) -> None:
    shell(novel, f"UPDATE commits SET prose = '{CHANGED}' WHERE position = 2")
    told = run(*verb, "n", *(["2", "--file", "n/novel.toml"] if verb == ["edit"] else []))
    assert told.code == 26
    assert "scene 2" in told.out + told.err
    assert "--restore 2" in told.err
    assert "--accept 2" in told.err


def test_the_words_come_back_from_the_log_of_calls(run: Run, novel: Path) -> None:
    before = chain(novel)
    shell(novel, f"UPDATE commits SET prose = '{CHANGED}' WHERE position = 2")
    told = run("verify", "n", "--restore", 2)
    assert told.code == 0, told.err
    assert "Scene 2 is again what was committed." in told.out
    assert chain(novel) == before


def test_the_change_is_taken_as_an_edit(run: Run, novel: Path) -> None:
    before = chain(novel)
    shell(novel, f"UPDATE commits SET prose = '{CHANGED}' WHERE position = 2")
    told = run("verify", "n", "--accept", 2, "--quiet")
    assert told.code == 0, told.err
    after = chain(novel)
    assert [c.prose for c in after] == [before[0].prose, CHANGED, *(c.prose for c in before[2:])]
    assert after[1].accepted_by == "person"
    assert any("ends otherwise" in why for why in after[2].stale)
    assert "These scenes may no longer fit" in told.out
    assert CHANGED.splitlines()[0] in (novel / "manuscript.md").read_text(encoding="utf-8")
    assert run("write", "n", "--until", 5, "--quiet").code == 0


def test_what_stands_nowhere_else_cannot_come_back(run: Run, novel: Path) -> None:
    shell(
        novel,
        f"UPDATE commits SET prose = '{CHANGED}' WHERE position = 2",
        "DELETE FROM calls",
    )
    told = run("verify", "n", "--restore", 2)
    assert told.code == 16
    assert "stands nowhere else" in told.err
    assert "--accept 2" in told.err


def test_a_missing_scene_and_the_way_on(run: Run, novel: Path) -> None:
    before = chain(novel)
    shell(
        novel,
        "DELETE FROM facts WHERE commit_id IN (SELECT id FROM commits WHERE position = 3)",
        "DELETE FROM commits WHERE position = 3",
    )
    told = run("write", "n")
    assert told.code == 26
    assert "scene 3 is missing" in told.err
    told = run("verify", "n")
    assert told.code == 26
    assert f"scene 2 before it is {before[1].id[:12]}" in told.out
    assert run("fork", "n", "--at", before[1].id[:12], "--name", "on").code == 0
    assert run("write", "n", "--branch", "on", "--quiet").code == 0


def test_a_changed_plan(run: Run, novel: Path) -> None:
    shell(novel, "UPDATE plans SET body = replace(body, 'sea', 'lake') WHERE version = 1")
    told = run("verify", "n")
    assert told.code == 26
    assert "plan 1 was changed" in told.out
    assert "backup" in told.err


@pytest.mark.parametrize("flag", ["--restore", "--accept"])
def test_only_a_changed_scene_can_be_mended(run: Run, novel: Path, flag: str) -> None:
    told = run("verify", "n", flag, 1)
    assert told.code == 16
    assert "no scene '1' that was changed" in told.err
    assert run("verify", "n", "--restore", 1, "--accept", 1).code == 10
