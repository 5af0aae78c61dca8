"""What holds of the acts that were applied."""

from __future__ import annotations

import pytest

from novelcraft.graphs.acts.in_force import ActsInForce, merged
from novelcraft.state.acts import (
    Approve,
    EditBrief,
    EditCharacter,
    EditFact,
    EditWorld,
    Note,
    PinFact,
    SafePoint,
    SetRole,
)
from novelcraft.state.manuscript import PromptSection
from novelcraft.tools.canon.store import ManuscriptStore
from tests.graphs.acts.conftest import PLAN, Applied

WORLD = EditWorld(changes={"text": "It rains."})


def section(name: str, *cut: str) -> PromptSection:
    return PromptSection(name=name, tokens=90, budget=100, cut=cut)


def versions(store: ManuscriptStore, last: int) -> None:
    """Plan versions up to that one."""
    for number in range(1, last):
        store.add_plan("main", PLAN.model_copy(update={"parent": number}))


def pin(statement: str, pinned: bool = True) -> PinFact:
    return PinFact(subject="Anna", statement=statement, pinned=pinned)


def test_a_note_is_told_with_its_scene_from_its_draft_on(
    store: ManuscriptStore, applied: Applied
) -> None:
    applied(Note(text="Rain."), target="s003", attempt=1)
    applied(Note(text="Wind."), target="s003", attempt=2)
    applied(Note(text="Sun."), target="s004", attempt=1)
    store.put_act(Note(text="Not taken yet."), branch="main", by="")
    standing = ActsInForce(store, "main")
    assert standing.notes("s003", 1) == ["Rain."]
    assert standing.notes("s003", 2) == standing.notes("s003", 3) == ["Rain.", "Wind."]
    assert standing.notes("s004", 1) == ["Sun."]


def test_pinned_facts_stand_in_the_order_in_which_they_were_last_pinned(
    store: ManuscriptStore, applied: Applied
) -> None:
    for act in (pin("is blind"), pin("is old"), pin("is blind"), pin("is rich"),
                pin("is rich", pinned=False), pin("is poor", pinned=False)):  # fmt: skip
        applied(act)
    assert ActsInForce(store, "main").pinned == ["Anna: is old", "Anna: is blind"]


def test_plans_by_hand_are_those_that_an_edit_of_the_plan_made(
    store: ManuscriptStore, applied: Applied
) -> None:
    versions(store, 5)
    applied(EditBrief(scene="3", changes={"goal": "x"}), plan_version=2)
    applied(WORLD, plan_version=4)
    applied(WORLD)
    applied(EditFact(scene="1", subject="a", statement="b"), plan_version=5)
    assert ActsInForce(store, "main").plans_by_hand == {2, 4}


def test_what_may_pass(store: ManuscriptStore, applied: Applied) -> None:
    applied(Approve(), target="plan")
    applied(Approve(), target="ch02")
    applied(Note(text="Rain."), target="s003")
    assert ActsInForce(store, "main").approved == {"plan", "ch02"}


def test_roles_are_as_they_were_set_last_key_by_key(
    store: ManuscriptStore, applied: Applied
) -> None:
    applied(SetRole(role="narrator", changes={"sampling": {"top_p": 0.5, "min_p": 0.1}}))
    applied(SetRole(role="cheap", changes={"model": "a:b"}))
    applied(SetRole(role="narrator", changes={"sampling": {"top_p": None}, "think": True}))
    assert ActsInForce(store, "main").roles == {
        "narrator": {"sampling": {"top_p": None, "min_p": 0.1}, "think": True},
        "cheap": {"model": "a:b"},
    }


def test_tables_are_merged_and_whatever_else_is_put_over() -> None:
    under = {"a": {"b": 1, "c": {"d": 2}}, "e": 3, "f": {"g": 4}}
    over = {"a": {"c": {"h": 5}}, "e": {"i": 6}, "f": None}
    assert merged(under, over) == {
        "a": {"b": 1, "c": {"d": 2, "h": 5}},
        "e": {"i": 6},
        "f": None,
    }
    assert under["f"] == {"g": 4}


@pytest.mark.parametrize(
    ("point", "parts", "counts"),
    [
        ("idle", ("commit",), True),
        ("idle", ("plan_version",), True),
        ("idle", (), False),
        ("brief", ("commit", "plan_version"), False),
    ],
)
def test_a_book_was_changed_by_what_was_done_to_it_while_nobody_wrote(
    store: ManuscriptStore,
    applied: Applied,
    point: SafePoint,
    parts: tuple[str, ...],
    counts: bool,
) -> None:
    versions(store, 2)
    effect = {"commit": store.branch("main").head, "plan_version": 2}
    record = applied(WORLD, point, **{part: effect[part] for part in parts})
    standing = ActsInForce(store, "main")
    assert standing.changed_while_idle("") is counts
    assert standing.changed_while_idle(record.settled_at) is counts
    assert not standing.changed_while_idle(f"{record.settled_at}1")


def unseen(store: ManuscriptStore, *sections: PromptSection, since: int = 1) -> list[str]:
    return list(ActsInForce(store, "main").unseen("s003", sections, since))


def test_what_was_left_out_of_a_brief_is_told_of_the_authors_own(store: ManuscriptStore) -> None:
    cut = section("brief", "He runs. ", " He falls.")
    assert unseen(store, cut) == []
    store.add_plan("main", PLAN.model_copy(update={"parent": 1, "by_author": ("s003",)}))
    assert unseen(store, section("brief"), cut, section("tail", "Rain.")) == [
        "The prompt of s003 has 100 tokens for your brief, and left out: He runs. / He falls."
    ]
    assert list(ActsInForce(store, "main").unseen("s004", [cut], 1)) == []


def test_what_was_left_out_of_the_world_is_told_once_after_an_edit(
    store: ManuscriptStore, applied: Applied
) -> None:
    cut = section("world", "It rains.")
    assert unseen(store, cut) == []
    applied(WORLD)
    assert unseen(store, cut, since=0) == []
    versions(store, 2)
    applied(EditCharacter(character="c1", changes={"want": "rest"}), plan_version=2)
    assert unseen(store, cut) == [
        "The prompt of s003 has 100 tokens for the world that you edited, and left out: It rains."
    ]
    assert unseen(store, cut, since=2) == []


def test_of_the_canon_only_pinned_facts_are_told(store: ManuscriptStore, applied: Applied) -> None:
    applied(pin("is blind and has been for years"))
    cut = section("canon", "- Tom: is old", "- Anna: is blind …", "- Anna: is blonde")
    assert unseen(store, cut) == [
        "The prompt of s003 has 100 tokens for your pinned facts, and left out: - Anna: is blind …"
    ]
    assert unseen(store, section("canon", "- Tom: is old")) == []
