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


def test_findings_name_what_is_at_fault_to_the_planner_and_to_exemptions() -> None:
    plan = factories.plan()
    turned = (*plan.scenes[2:3], *plan.scenes[:2], *plan.scenes[3:])
    nothing = {"scenes": (), "hooks": (), "target_words": 0}
    told = {
        "plan.unknown_id": with_hook("s001", "s099"),
        "plan.payoff_before_plant": with_hook("s003", "s002"),
        "plan.hook_not_in_brief": with_scene(0, plants=()),
        "plan.totals": with_scene(0, target_words=360),
        "plan.empty_chapter": plan.model_copy(update={"scenes": plan.scenes[:2], "hooks": ()}),
        "plan.chapter_order": plan.model_copy(update={"scenes": turned}),
        "plan.pov_not_present": with_scene(0, present=("c2",)),
    }
    found = {
        name: [f for f in check_plan(broken) if f.check == name] for name, broken in told.items()
    }
    assert all(f.constraint == f.message for findings in found.values() for f in findings)
    assert all(f.about == "/".join(f.evidence) for findings in found.values() for f in findings)
    assert {name: [(f.message, f.evidence) for f in f] for name, f in found.items()} == {
        "plan.unknown_id": [("h1 names the scene s099, which is not there.", ("h1", "s099"))],
        "plan.payoff_before_plant": [
            (
                "The hook h1 is paid off in s002, which does not come after s003, where it is "
                "planted.",
                ("h1",),
            )
        ],
        "plan.hook_not_in_brief": [
            ("The briefs of s001 and s004 must plant and pay off the hook h1.", ("h1",))
        ],
        "plan.totals": [
            ("The scenes of the book add up to 1260 words, its target is 1200.",
             ("the book", "scenes")),
            ("The scenes of ch01 add up to 660 words, its target is 600.", ("ch01", "scenes")),
        ],
        "plan.empty_chapter": [("The chapter ch02 has no scenes.", ("ch02",))],
        "plan.chapter_order": [
            ("The scenes do not follow the order of the chapters.", ("plan",))
        ],
        "plan.pov_not_present": [
            ("s001 is told through c1, who is not among those present.", ("s001", "c1"))
        ],
    }  # fmt: skip
    (empty,) = [f for f in check_plan(plan.model_copy(update=nothing)) if "empty" in f.check]
    assert (empty.message, empty.evidence) == ("The plan has no scenes.", ("plan",))


def test_chapters_add_up_to_the_book_too() -> None:
    plan = factories.plan()
    longer = plan.model_copy(update={"target_words": 1000})
    assert [f.message for f in check_plan(longer)] == [
        "The chapters of the book add up to 1200 words, its target is 1000.",
        "The scenes of the book add up to 1200 words, its target is 1000.",
    ]


@pytest.mark.parametrize(("words", "found"), [(324, set()), (325, {"plan.totals"})])
def test_two_per_cent_of_a_target_are_allowed_and_no_more(words: int, found: set[str]) -> None:
    scene = with_scene(0, target_words=words)
    first = scene.chapters[0].model_copy(update={"target_words": 300 + words})
    chapters = (first, *scene.chapters[1:])
    assert checks(scene.model_copy(update={"chapters": chapters})) == found


def test_of_scenes_with_one_goal_each_after_the_first_is_named() -> None:
    plan = with_scene(1, goal="Elias  wants answer NUMBER 1.")
    (finding,) = check_plan(plan)
    assert finding.message == "s001 and s002 have the same goal."
    assert finding.evidence == ("Elias  wants answer NUMBER 1.",)
    assert (finding.constraint, finding.about) == ("Give every scene a goal of its own.", "s002")
