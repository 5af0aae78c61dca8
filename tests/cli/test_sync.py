"""A manuscript that was edited by hand, taken into the book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from novelcraft.state.acts import EditScene
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import ProjectLock
from tests.cli.conftest import Run
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"


@pytest.fixture
def novel(run: Run, served: Callable[..., FakeServer], here: Path) -> Path:
    served()
    told = run("write", PREMISE, "--pages", 6, "--out", "n", "--until", 2)
    assert told.code == 0, told.err
    return here / "n"


@pytest.fixture
def store(novel: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.open(novel / "novel.db") as opened:
        yield opened


def chain(store: ManuscriptStore) -> list[SceneCommit]:
    return store.chain(store.branch("main").head)


def change(novel: Path, old: str, new: str) -> None:
    path = novel / "manuscript.md"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def last_words(commit: SceneCommit) -> str:
    return commit.prose.rstrip().splitlines()[-1]


def test_a_scene_that_was_changed_by_hand_is_taken(
    run: Run, novel: Path, store: ManuscriptStore
) -> None:
    before = chain(store)
    change(novel, last_words(before[0]), "The lamp went out.")
    offered = run("sync", "n")
    assert offered.code == 0, offered.err
    assert "scene 1 (s001)" in offered.out
    assert "scene 2" not in offered.out
    assert "Nothing was taken" in offered.out
    assert chain(store) == before
    taken = run("sync", "n", "--yes")
    assert taken.code == 0, taken.err
    after = chain(store)
    assert after[0].prose == before[0].prose.rstrip()[: -len(last_words(before[0]))] + (
        "The lamp went out."
    )
    assert after[0].provenance.role == "person"
    assert after[1].prose == before[1].prose
    assert after[1].stale
    assert "These scenes may no longer fit:" in taken.out
    assert "novelcraft steer n replay" in taken.out
    assert "The lamp went out." in (novel / "manuscript.md").read_text(encoding="utf-8")
    (kept,) = novel.glob("manuscript.taken-*.md")
    assert "The lamp went out." in kept.read_text(encoding="utf-8")
    assert run("sync", "n").out == "No scene was changed by hand.\n"


def test_a_version_that_a_run_kept_aside_is_taken(
    run: Run, novel: Path, store: ManuscriptStore
) -> None:
    before = chain(store)
    change(novel, last_words(before[1]), "Nobody came.")
    went_on = run("write", "n", "--until", 3)
    assert "novelcraft sync" in went_on.err
    assert chain(store)[:2] == before
    taken = run("sync", "n", "--yes")
    assert taken.code == 0, taken.err
    assert len(chain(store)) == 3
    assert chain(store)[1].prose.endswith("Nobody came.")
    assert list(novel.glob("*.edited-*")) == []


def test_what_is_no_change_of_words_is_named(run: Run, novel: Path) -> None:
    path = novel / "manuscript.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("**The", "**A", 1).replace("**", "__"), encoding="utf-8")
    told = run("sync", "n", "--yes")
    assert told.code == 0
    assert "not taken: The title or the author was changed" in told.out
    assert "No scene was changed by hand." in told.out
    assert path.read_text(encoding="utf-8") != text


def test_a_scene_that_the_book_changed_too_is_said_to_be(
    run: Run, novel: Path, store: ManuscriptStore, here: Path
) -> None:
    change(novel, last_words(chain(store)[0]), "The lamp went out.")
    (here / "mine.md").write_text("Another beginning, and no lamp.\n", encoding="utf-8")
    assert run("edit", "n", 1, "--file", here / "mine.md").code == 0
    assert "it was changed in the book, too" in run("sync", "n").out


def test_while_a_run_writes_the_edits_are_left_for_it(
    run: Run, novel: Path, store: ManuscriptStore
) -> None:
    before = chain(store)
    change(novel, last_words(before[0]), "The lamp went out.")
    with ProjectLock(novel, writes="main"):
        told = run("sync", "n", "--yes")
        assert told.code == 0, told.err
        assert "waits, and is taken before the next brief" in told.out
    (act,) = store.acts("main", "pending")
    assert isinstance(act.act, EditScene)
    assert act.act.scene == before[0].scene_id
    assert chain(store) == before
    assert run("steer", "n", "apply").code == 0
    assert chain(store)[0].prose.endswith("The lamp went out.")
