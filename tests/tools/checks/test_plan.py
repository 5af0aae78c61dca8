"""A plan that keeps its rules, and each way to break one."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.state.plan import Hook, Plan
from novelcraft.tools.checks import check_plan
from tests import factories


def with_scene(number: int, **changes: Any) -> Plan:
    plan = factories.plan()
    scenes = list(plan.scenes)
    scenes[number] = scenes[number].model_copy(update=changes)
    return plan.model_copy(update={"scenes": tuple(scenes)})


def with_hook(plant: str, payoff: str) -> Plan:
    plan = factories.plan()
    hook = Hook(id="h1", text="The lamp.", plant_scene=plant, payoff_scene=payoff)
    touched = {plant: {"plants": ("h1",)}, payoff: {"pays": ("h1",)}}
    if plant == payoff:
        touched = {plant: {"plants": ("h1",), "pays": ("h1",)}}
    bare = {"plants": (), "pays": ()}
    scenes = tuple(s.model_copy(update={**bare, **touched.get(s.id, {})}) for s in plan.scenes)
    return plan.model_copy(update={"hooks": (hook,), "scenes": scenes})


def twice(field: str) -> Plan:
    plan = factories.plan()
    items = getattr(plan, field)
    return plan.model_copy(update={field: (*items, items[0])})


def checks(plan: Plan) -> set[str]:
    return {f.check for f in check_plan(plan)}


def test_a_good_plan_is_found_good() -> None:
    assert check_plan(factories.plan()) == ()
    assert check_plan(factories.plan(chapters=1, scenes_each=1)) == ()


@pytest.mark.parametrize("field", ["cast", "hooks", "chapters", "scenes"])
def test_duplicate_ids(field: str) -> None:
    assert "plan.duplicate_id" in checks(twice(field))


def test_two_chapters_of_one_number_are_named_by_it() -> None:
    plan = factories.plan()
    first, second = plan.chapters
    same = (first, second.model_copy(update={"number": first.number}))
    (finding,) = check_plan(plan.model_copy(update={"chapters": same}))
    assert finding.message == f"Two chapters have the number {first.number}."
    assert (finding.evidence, finding.about) == ((str(first.number),), str(first.number))


def test_what_is_twice_or_unknown_is_called_what_it_is() -> None:
    (repeated,) = [f for f in check_plan(twice("cast")) if f.check == "plan.duplicate_id"]
    assert repeated.message == "Two characters have the id c1."
    unknown = [f for f in check_plan(with_scene(0, chapter="ch09")) if "unknown" in f.check]
    assert unknown[0].message == "s001 names the chapter ch09, which is not there."


@pytest.mark.parametrize(
    "changes",
    [
        {"pov": "c9", "present": ("c9",)},
        {"present": ("c1", "c9")},
        {"chapter": "ch09"},
        {"plants": ("h1", "h9")},
        {"pays": ("h9",)},
    ],
)
def test_unknown_ids_in_a_brief(changes: dict[str, Any]) -> None:
    found = [f for f in check_plan(with_scene(0, **changes)) if f.check == "plan.unknown_id"]
    assert len(found) == 1
    assert found[0].evidence[0] == "s001"
    assert found[0].evidence[1].endswith("9")


def test_unknown_scene_in_a_hook() -> None:
    assert checks(with_hook("s001", "s099")) == {"plan.unknown_id"}


@pytest.mark.parametrize(
    ("plant", "payoff", "found"),
    [
        ("s001", "s002", set()),
        ("s003", "s002", {"plan.payoff_before_plant"}),
        ("s002", "s002", {"plan.payoff_before_plant"}),
    ],
)
def test_hooks_are_planted_before_they_are_paid(plant: str, payoff: str, found: set[str]) -> None:
    assert checks(with_hook(plant, payoff)) == found


def test_hooks_and_briefs_agree() -> None:
    assert checks(with_scene(0, plants=())) == {"plan.hook_not_in_brief"}
    assert checks(with_scene(3, pays=())) == {"plan.hook_not_in_brief"}


@pytest.mark.parametrize(("words", "found"), [(306, set()), (360, {"plan.totals"})])
def test_targets_add_up_within_two_per_cent(words: int, found: set[str]) -> None:
    assert checks(with_scene(0, target_words=words)) == found


def test_every_chapter_has_scenes_and_their_order() -> None:
    plan = factories.plan()
    assert "plan.empty_chapter" in checks(plan.model_copy(update={"scenes": plan.scenes[:2]}))
    assert "plan.empty_chapter" in checks(plan.model_copy(update={"scenes": (), "hooks": ()}))
    turned = (*plan.scenes[2:3], *plan.scenes[:2], *plan.scenes[3:])
    assert "plan.chapter_order" in checks(plan.model_copy(update={"scenes": turned}))


def test_the_point_of_view_is_present() -> None:
    assert checks(with_scene(0, present=("c2",))) == {"plan.pov_not_present"}


def test_the_same_goal_twice_warns() -> None:
    goal = factories.plan().scenes[0].goal
    (finding,) = check_plan(with_scene(1, goal=goal.upper()))
    assert (finding.check, finding.severity) == ("plan.same_goal", "warn")
