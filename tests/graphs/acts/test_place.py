"""What a person's names for scenes, chapters and people stand for."""

from __future__ import annotations

import pytest

from novelcraft.errors import InputError, UnknownTargetError
from novelcraft.graphs.acts.place import fault_of_note, find_scene, next_scene
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories
from tests.graphs.acts.conftest import At, place_in


@pytest.mark.parametrize(("name", "found"), [("1", "s001"), ("4", "s004"), ("s003", "s003")])
def test_a_scene_of_the_plan_goes_by_its_number_and_its_id(at: At, name: str, found: str) -> None:
    assert at().brief(name).id == found


@pytest.mark.parametrize("name", ["0", "5", "s005", ""])
def test_a_scene_that_the_plan_has_not(at: At, name: str) -> None:
    with pytest.raises(UnknownTargetError, match=f"no scene {name!r}: it has 4"):
        at().brief(name)


def test_what_is_written_is_not_to_come(at: At) -> None:
    assert at().coming("3").id == "s003"
    with pytest.raises(InputError, match="s002 is written already"):
        at().coming("2")


@pytest.mark.parametrize("name", ["2", "ch02"])
def test_a_chapter_goes_by_its_number_and_its_id(at: At, name: str) -> None:
    assert at().chapter(name).title == "Letter 2"
    with pytest.raises(UnknownTargetError, match="no chapter '3': it has 2"):
        at().chapter("3")


@pytest.mark.parametrize("name", ["c2", "C2", "Anna Veil", "ANNA VEIL"])
def test_a_person_goes_by_name_and_id_in_any_letters(at: At, name: str) -> None:
    assert at().character(name).name == "Anna Veil"
    with pytest.raises(UnknownTargetError, match="no 'Anna'") as raised:
        at().character("Anna")
    assert raised.value.fix == "It has: Elias Marrow, Anna Veil."


def test_a_written_scene_goes_by_number_id_and_the_first_six_digits_of_its_commit(
    store: ManuscriptStore, at: At
) -> None:
    first, second = store.chain(store.branch("main").head)
    for name in ("2", "s002", second.id, second.id[:6]):
        assert at().written(name) == second
    assert at().written(first.id[:8]) == first
    for wrong in ("0", "3", "s003", second.id[:5]):
        with pytest.raises(UnknownTargetError, match=f"no scene '{wrong}' in branch 'main': it"):
            at().written(wrong)


def test_a_branch_knows_its_own_scenes_only(store: ManuscriptStore, at: At) -> None:
    first, second = store.chain(store.branch("main").head)
    store.create_branch("other", head=first.id, plan_version=1)
    assert at(branch="other").written("1") == first
    assert at(branch="other").coming("2").id == "s002"
    assert next_scene(store, "other") == "s002"
    with pytest.raises(UnknownTargetError, match="'other'"):
        find_scene(store, "other", second.id)


def test_the_next_scene_is_the_first_that_is_not_written(store: ManuscriptStore) -> None:
    assert next_scene(store, "main") == "s003"
    before = store.branch("main").head
    parent = store.get(before or "")
    for number in (3, 4):
        parent = store.commit("main", factories.commit(number, parent, chapter_id="ch02"))
        assert next_scene(store, "main") == ("s004" if number == 3 else "")


def test_before_there_is_a_plan_no_scene_is_next_and_nothing_can_be_named(
    bare: ManuscriptStore,
) -> None:
    place = place_in(bare)
    assert not place.planned
    assert next_scene(bare, "main") == ""
    with pytest.raises(InputError, match="no plan yet"):
        place.brief("1")


def test_a_note_may_take_all_of_its_room() -> None:
    assert fault_of_note(12, 12) == ""
    assert fault_of_note(13, 12) == (
        "Your note takes 13 tokens, and the narrator's prompt has room for 12."
    )
