"""Edits of the plan: each makes a version of its own, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.errors import InputError
from novelcraft.graphs.acts.plan import edit_brief, edit_chapter, edit_character, edit_world
from novelcraft.state.acts import EditBrief, EditChapter, EditCharacter, EditWorld, Effect
from novelcraft.tools.canon.store import ManuscriptStore
from tests.graphs.acts.conftest import PLAN, At


def test_each_edit_is_a_version_upon_the_one_before_and_the_authors_own_is_named_once(
    store: ManuscriptStore, at: At
) -> None:
    for number, goal in enumerate(("Burn it.", "Keep it."), 2):
        done = edit_brief(EditBrief(scene="3", changes={"goal": goal}), at())
        assert done == Effect(target="s003", plan_version=number)
        plan = store.plan(number)
        assert (plan.parent, plan.by_author) == (number - 1, ("s003",))
        assert [s.goal for s in plan.scenes] == [
            goal if s.id == "s003" else s.goal for s in PLAN.scenes
        ]
    assert store.branch("main").plan_version == 3


def test_other_parts_are_named_by_their_ids_and_the_world_by_its_word(
    store: ManuscriptStore, at: At
) -> None:
    edits = (
        edit_chapter(EditChapter(chapter="2", changes={"title": "Ashes"}), at()),
        edit_character(EditCharacter(character="anna veil", changes={"want": "rest"}), at()),
        edit_world(EditWorld(changes={"text": "It rains."}), at()),
    )
    assert edits == (
        Effect(target="ch02", plan_version=2),
        Effect(target="c2", plan_version=3),
        Effect(target="", plan_version=4),
    )
    plan = store.plan(4)
    assert plan.by_author == ("ch02", "c2", "world")
    assert [c.title for c in plan.chapters] == ["Letter 1", "Ashes"]
    assert [c.want for c in plan.cast] == [PLAN.cast[0].want, "rest"]
    assert plan.world == PLAN.world.model_copy(update={"text": "It rains."})
    assert plan.scenes == PLAN.scenes


@pytest.mark.parametrize("field", ["id", "number", "act", "target_words"])
def test_what_places_a_chapter_in_the_book_is_not_to_be_edited(at: At, field: str) -> None:
    with pytest.raises(InputError, match="cannot be changed") as raised:
        edit_chapter(EditChapter(chapter="2", changes={field: 1}), at())
    assert raised.value.fix == "What can be changed: title, summary."


@pytest.mark.parametrize("field", ["chapter", "target_words"])
def test_nor_what_places_a_scene(at: At, field: str) -> None:
    with pytest.raises(InputError, match=f"'{field}' of the brief of s003 cannot be changed"):
        edit_brief(EditBrief(scene="3", changes={field: "ch01"}), at())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"titel": "x"}, "'titel' of chapter ch02 cannot be changed. Did you mean 'title'?"),
        ({"xyz": "x"}, "'xyz' of chapter ch02 cannot be changed."),
    ],
)
def test_a_field_that_is_not_there_is_named_with_the_nearest(
    at: At, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as raised:
        edit_chapter(EditChapter(chapter="2", changes=changes), at())
    assert raised.value.message == message


def test_a_value_that_cannot_be_is_named_with_its_place(store: ManuscriptStore, at: At) -> None:
    with pytest.raises(InputError, match=r"^beats\.1 of the brief of s003 cannot be 3: "):
        edit_brief(EditBrief(scene="3", changes={"beats": ["He runs.", 3]}), at())
    assert store.branch("main").plan_version == 1


def test_a_fault_that_the_plan_has_already_does_not_keep_a_person_from_editing_it(
    store: ManuscriptStore, at: At
) -> None:
    wrong = PLAN.scenes[2].model_copy(update={"pov": "c9"})
    scenes = (*PLAN.scenes[:2], wrong, PLAN.scenes[3])
    store.add_plan("main", PLAN.model_copy(update={"scenes": scenes, "parent": 1}))
    done = edit_brief(EditBrief(scene="4", changes={"goal": "He goes home."}), at())
    assert done.plan_version == 3
    with pytest.raises(InputError, match=r"would break its rules: .*c8"):
        edit_brief(EditBrief(scene="4", changes={"pov": "c8"}), at())
