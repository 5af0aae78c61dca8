"""A begun book keeps to what it was planned as, and may be given another length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import AuthorsFileError, ConfigError, PagesError
from novelcraft.graphs.length import change_length, require_planned
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories

PLAN = factories.plan(chapters=3, scenes_each=2)
"""Six pages of 300 words."""


def book(**changes: Any) -> NovelSettings:
    given = {"premise": PLAN.premise, "pages": 6, "words_per_page": 300, **changes}
    return NovelSettings.model_validate(given)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        opened.create_branch("main", head=None, plan_version=None)
        yield opened


@pytest.fixture
def store(bare: ManuscriptStore) -> ManuscriptStore:
    bare.add_plan("main", PLAN)
    return bare


def write(store: ManuscriptStore, scenes: int, words: int = 10) -> None:
    parent: SceneCommit | None = None
    for brief in PLAN.scenes[:scenes]:
        number = PLAN.scenes.index(brief) + 1
        given = {"scene_id": brief.id, "chapter_id": brief.chapter}
        parent = factories.commit(number, parent, "word " * words, **given)
        store.commit("main", parent)


def plan_of(store: ManuscriptStore) -> Plan:
    return store.plan(store.branch("main").plan_version or 0)


def test_a_book_that_is_planned_as_its_settings_say_goes_on(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    premise, *_ = PLAN.premise.split(" ", 1)
    spaced = PLAN.premise.replace(premise, f"  {premise}\n", 1)
    for same in (
        book(),
        book(premise=spaced, style=" ", ending="\n"),
        book(style=f"{PLAN.core.style} ", ending=f" {PLAN.core.ending}", chapters=3),
        book(pages=12, words_per_page=150),
    ):
        require_planned(store, "main", same, tmp_path)


def test_another_length_is_refused_with_how_to_have_it(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    store.create_branch("darker", head=None, plan_version=1)
    for branch, option in (("main", ""), ("darker", " --branch darker")):
        with pytest.raises(PagesError) as refused:
            require_planned(store, branch, book(pages=8), tmp_path)
        assert refused.value.message == (
            f"The settings ask for 8 pages of 300 words, and branch {branch} was planned for 6 of "
            "them."
        )
        assert refused.value.fix == (
            "Set [novel] pages and words_per_page as they were, or give the book that length: "
            f"novelcraft write {tmp_path} --pages 8{option}"
        )
    with pytest.raises(PagesError, match=r"6 pages of 240 words, .* planned for 7\.5 of them"):
        require_planned(store, "main", book(words_per_page=240), tmp_path)


@pytest.mark.parametrize(
    ("changes", "now", "was"),
    [
        ({"language": "pt_BR.UTF-8"}, 'language = "pt-BR"', 'language = "en"'),
        ({"premise": "Bees\n swarm."}, 'premise = "Bees swarm."', f'premise = "{PLAN.premise}"'),
        ({"style": "grand"}, 'style = "grand"', 'style = "plain past tense"'),
        ({"ending": "Es “endet”."}, 'ending = "Es “endet”."', 'ending = "He stops writing."'),
        ({"chapters": 4}, "chapters = 4", "chapters = 3"),
    ],
)
def test_what_a_plan_was_made_from_is_not_changed_under_it(
    store: ManuscriptStore, tmp_path: Path, changes: dict[str, Any], now: str, was: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        require_planned(store, "main", book(**changes), tmp_path)
    assert refused.value.message == (
        f"The settings say {now}, and branch main was planned with another."
    )
    assert refused.value.fix == f"Set [novel] {was}, or start another novel."


def test_of_a_long_premise_an_error_shows_the_beginning(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        require_planned(store, "main", book(premise="abc " * 100), tmp_path)
    assert f'premise = "{"abc " * 20}…", and' in refused.value.message


def test_what_the_author_has_is_looked_at_before_there_is_a_plan(
    bare: ManuscriptStore, tmp_path: Path
) -> None:
    (tmp_path / "outline.md").write_text("## One\n\nIt rains.\n", encoding="utf-8")
    require_planned(bare, "main", book(chapters=1), tmp_path)
    with pytest.raises(AuthorsFileError, match="has 1 chapter, and the settings say chapters = 2"):
        require_planned(bare, "main", book(chapters=2), tmp_path)


def test_what_came_after_the_plan_is_refused(store: ManuscriptStore, tmp_path: Path) -> None:
    (tmp_path / "outline.md").write_text("## One\n\nIt rains.\n", encoding="utf-8")
    with pytest.raises(AuthorsFileError, match="it was not there then"):
        require_planned(store, "main", book(), tmp_path)


@pytest.mark.parametrize("scenes", [0, 2, 4])
def test_another_length_is_a_plan_upon_the_one_before(
    store: ManuscriptStore, tmp_path: Path, scenes: int
) -> None:
    write(store, scenes)
    assert change_length(store, "main", book(pages=9), tmp_path)
    plan = plan_of(store)
    assert (plan.version, plan.parent, plan.target_words) == (2, 1, 2_700)
    assert plan.model_copy(update={"version": 1, "parent": None, "target_words": 1_800}) == PLAN
    assert not change_length(store, "main", book(pages=9), tmp_path)
    assert plan_of(store) == plan


def test_a_book_without_a_plan_or_of_that_length_needs_no_change(
    bare: ManuscriptStore, tmp_path: Path
) -> None:
    assert not change_length(bare, "main", book(pages=9), tmp_path)
    bare.add_plan("main", PLAN)
    assert not change_length(bare, "main", book(), tmp_path)
    assert plan_of(bare) == PLAN


@pytest.mark.parametrize(("chapters", "scenes"), [(3, 5), (1, 0)])
def test_where_no_chapter_is_still_to_be_planned_the_length_stays(
    bare: ManuscriptStore, tmp_path: Path, chapters: int, scenes: int
) -> None:
    bare.add_plan("main", factories.plan(chapters=chapters, scenes_each=2))
    write(bare, scenes)
    with pytest.raises(PagesError) as refused:
        change_length(bare, "main", book(pages=9), tmp_path)
    assert refused.value.message == (
        "Branch main cannot be given 9 pages: no chapter of it is still to be planned."
    )
    assert refused.value.fix == (
        "Start another novel with --out, or go another way from an earlier chapter: "
        f"novelcraft fork {tmp_path} --at SCENE --name longer"
    )


def test_a_book_is_not_made_shorter_than_it_is(store: ManuscriptStore, tmp_path: Path) -> None:
    write(store, 2, words=600)
    with pytest.raises(PagesError) as refused:
        change_length(store, "main", book(pages=4), tmp_path)
    assert refused.value.message == "Branch main cannot be given 4 pages: it has 4.0 already."
    assert refused.value.fix == (
        f"Give it more, or export what is there: novelcraft export {tmp_path}"
    )
    assert change_length(store, "main", book(pages=4, words_per_page=301), tmp_path)
