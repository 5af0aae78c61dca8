"""What a person changed in a manuscript's file, held against the book as it stands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import UnknownTargetError
from novelcraft.graphs.acts.canon import changed
from novelcraft.graphs.manuscript import kept_aside, manuscript_path, put_away, renew_manuscript
from novelcraft.graphs.sync import Offer, offers
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.export.edits import SceneEdit
from tests import factories

PLAN = factories.plan(chapters=2, scenes_each=2)
NOVEL = NovelSettings()
BURNT = "He burnt letter 2.\n\nThe sea was quiet."
GONE = SceneEdit(2, "s002", BURNT)

Look = Callable[[], list[Offer]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        opened.create_branch("main", head=None, plan_version=None)
        opened.add_plan("main", PLAN)
        parent = None
        for brief in PLAN.scenes[:3]:
            number = PLAN.scenes.index(brief) + 1
            parent = factories.commit(number, parent, chapter_id=brief.chapter)
            opened.commit("main", parent)
        yield opened


@pytest.fixture
def look(store: ManuscriptStore, tmp_path: Path) -> Look:
    return lambda: offers(tmp_path, store, "main", NOVEL)


def chain_of(store: ManuscriptStore) -> list[SceneCommit]:
    return store.chain(store.branch("main").head)


def renew(folder: Path, store: ManuscriptStore) -> Path:
    plan = store.plan(store.branch("main").plan_version or 0)
    renew_manuscript(folder, "main", plan, chain_of(store), NOVEL)
    return manuscript_path(folder, "main")


def edit(
    path: Path, old: str = "Elias Marrow read letter 2.", new: str = "He burnt letter 2."
) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def replace(store: ManuscriptStore, position: int, prose: str) -> None:
    """Change a scene in the book, and set the later ones upon it."""
    chain = chain_of(store)
    tail = [changed(chain[position - 1], prose=prose)]
    for later in chain[position:]:
        tail.append(changed(later, parent=tail[-1].id))
    store.replace_tail("main", tail, expected=chain[-1].id)


def test_a_file_that_nobody_edited_offers_nothing(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    assert look() == []
    renew(tmp_path, store)
    assert look() == []
    replace(store, 2, "He swam.")
    assert look() == []


def test_a_scene_that_was_edited_is_offered(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    path = renew(tmp_path, store)
    edit(path)
    assert look() == [Offer(path, (GONE,), (), frozenset())]


@pytest.mark.parametrize("lost", ["its mark", "its commit"])
def test_a_file_that_does_not_tell_its_commit_is_held_against_the_book(
    store: ManuscriptStore, tmp_path: Path, look: Look, lost: str
) -> None:
    path = renew(tmp_path, store)
    edit(path)
    head = chain_of(store)[-1].id[:12]
    if lost == "its mark":
        path.write_text(path.read_text("utf-8").partition("<!-- novelcraft")[0], encoding="utf-8")
    else:
        edit(path, f"commit {head}", f"commit {'0' * 12}")
    assert look() == [Offer(path, (GONE,), (), frozenset())]


def test_another_system_s_ends_of_lines_and_its_mark_are_no_edits(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    path = renew(tmp_path, store)
    edit(path)
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert look() == [Offer(path, (GONE,), (), frozenset())]


def test_what_the_book_changed_too_is_told(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    path = renew(tmp_path, store)
    edit(path)
    edit(path, "Elias Marrow read letter 1.", "He burnt letter 1.")
    replace(store, 2, "He swam.")
    first = SceneEdit(1, "s001", BURNT.replace("2", "1"))
    assert look() == [Offer(path, (first, GONE), (), frozenset({"s002"}))]


def test_what_the_book_says_already_is_not_offered(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    edit(renew(tmp_path, store))
    replace(store, 2, BURNT)
    assert look() == []


def test_a_scene_that_was_taken_back_is_a_problem(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    path = renew(tmp_path, store)
    edit(path)
    edit(path, "Elias Marrow read letter 3.", "He burnt letter 3.")
    _, second, third = chain_of(store)
    store.set_head("main", second.id, expected=third.id)
    gone = "Scene 3 is not in the book any more."
    assert look() == [Offer(path, (GONE,), (gone,), frozenset())]


def test_what_is_no_change_of_words_is_a_problem_without_a_scene(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    path = renew(tmp_path, store)
    edit(path, "# Chapter 2: Letter 2", "Chapter 2: Letter 2")
    (found,) = look()
    assert (found.path, found.scenes, found.rivals) == (path, (), frozenset())
    assert len(found.problems) == 1


def test_a_chapter_whose_title_the_plan_changed_since_is_known_by_either(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    second = PLAN.chapters[1].model_copy(update={"title": "Ashes"})
    path = renew(tmp_path, store)
    store.add_plan(
        "main", PLAN.model_copy(update={"parent": 1, "chapters": (PLAN.chapters[0], second)})
    )
    edit(path)
    assert [offer.scenes for offer in look()] == [(GONE,)]
    path.unlink()
    edit(renew(tmp_path, store))
    assert "# Chapter 2: Ashes" in path.read_text(encoding="utf-8")
    assert look() == [Offer(path, (GONE,), (), frozenset())]


def test_a_file_is_read_by_the_plan_that_its_last_scene_was_written_by(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    first, second = PLAN.chapters
    for version, title in enumerate(("Ashes", "Smoke"), 2):
        chapters = (first, second.model_copy(update={"title": title}))
        store.add_plan(
            "main", PLAN.model_copy(update={"parent": version - 1, "chapters": chapters})
        )
        if title == "Ashes":
            last = factories.commit(4, chain_of(store)[-1], chapter_id=second.id, plan_version=2)
            store.commit("main", last)
            edit(renew(tmp_path, store))
    assert [(offer.scenes, offer.problems) for offer in look()] == [((GONE,), ())]


def test_versions_that_were_kept_aside_come_first_and_the_oldest_of_them_before(
    store: ManuscriptStore, tmp_path: Path, look: Look
) -> None:
    path = renew(tmp_path, store)
    for new in ("He burnt letter 2.", "He drowned letter 2."):
        edit(path, new=new)
        renew(tmp_path, store)
    aside = {kept.read_text("utf-8").count("burnt"): kept for kept in kept_aside(path)}
    for age, burnt in ((2, 0), (1, 1)):
        os.utime(aside[burnt], (age, age))
    edit(path, new="He ate letter 2.")
    told = ["burnt", "drowned", "ate"]
    assert [offer.scenes[0].prose.split()[1] for offer in look()] == told
    for age, burnt in ((1, 0), (2, 1)):
        os.utime(aside[burnt], (age, age))
    assert [offer.scenes[0].prose.split()[1] for offer in look()] == ["drowned", "burnt", "ate"]
    # What was taken is not offered again, and none of it is lost.
    taken = put_away(aside[1])
    assert taken.name.startswith("manuscript.taken-")
    assert "burnt" in taken.read_text(encoding="utf-8")
    assert [offer.scenes[0].prose.split()[1] for offer in look()] == ["drowned", "ate"]


def test_a_branch_without_a_scene_has_nothing_to_be_edited(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    store.create_branch("new", head=None, plan_version=1)
    with pytest.raises(UnknownTargetError, match="Branch 'new' has no scene yet"):
        offers(tmp_path, store, "new", NOVEL)
