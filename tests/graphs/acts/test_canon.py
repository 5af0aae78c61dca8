"""Acts on what is written: what each changes of the branch, and what it is refused for."""

from __future__ import annotations

import pytest

from novelcraft.errors import InputError, UnknownTargetError
from novelcraft.graphs.acts import canon
from novelcraft.state.acts import (
    Approve,
    EditFact,
    EditSummary,
    Effect,
    Exempt,
    Fork,
    Note,
    PinFact,
    SafePoint,
)
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import Fact, SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories
from tests.graphs.acts.conftest import FACTS, PLAN, At, place_in


def chain_of(store: ManuscriptStore, branch: str = "main") -> list[SceneCommit]:
    return store.chain(store.branch(branch).head)


@pytest.mark.parametrize(
    ("point", "scene", "effect"),
    [
        ("draft", "", Effect(target="s003", attempt=2)),
        ("draft", "3", Effect(target="s003", attempt=2)),
        ("draft", "4", Effect(target="s004", attempt=1)),
        ("brief", "", Effect(target="s003", attempt=1)),
        ("idle", "4", Effect(target="s004", attempt=1)),
    ],
)
def test_a_note_is_told_from_the_next_draft_of_its_scene_on(
    at: At, point: SafePoint, scene: str, effect: Effect
) -> None:
    assert canon.note(Note(text="Rain.", scene=scene), at(point, attempt=2)) == effect


def test_a_note_that_is_too_long_or_too_late_is_refused(at: At) -> None:
    with pytest.raises(InputError, match=r"Too long\.") as raised:
        canon.note(Note(text="rain " * 20), at())
    assert raised.value.fix == "Say it shorter."
    with pytest.raises(InputError, match="written already"):
        canon.note(Note(text="Rain.", scene="2"), at())


def test_a_pinned_fact_is_named_by_its_subject(at: At) -> None:
    assert canon.pin_fact(PinFact(subject="Anna", statement="is blind"), at()).target == "Anna"


@pytest.mark.parametrize(
    ("act", "gate", "target"),
    [
        (Approve(), "plan", "plan"),
        (Approve(), "ch01", "ch01"),
        (Approve(), "s002", "s002"),
        (Approve(gate="plan"), "s002", "plan"),
        (Approve(gate="chapter"), "", "ch02"),
        (Approve(gate="chapter", target="1"), "plan", "ch01"),
        (Approve(gate="scene"), "", "s003"),
        (Approve(gate="scene", target="4"), "s002", "s004"),
    ],
)
def test_what_may_pass_is_what_is_named_or_waits_or_comes_next(
    at: At, act: Approve, gate: str, target: str
) -> None:
    assert canon.approve(act, at(gate=gate)) == Effect(target=target)


def test_where_nothing_waits_and_nothing_comes_an_approval_needs_a_name(at: At) -> None:
    with pytest.raises(InputError, match="waits at no gate"):
        canon.approve(Approve(), at())
    for act in (Approve(gate="scene"), Approve(gate="chapter")):
        with pytest.raises(InputError, match="no scene to come"):
            canon.approve(act, at(scene_id=""))


def test_the_story_so_far_is_told_otherwise_and_the_old_chain_kept(
    store: ManuscriptStore, at: At
) -> None:
    first, second = chain_of(store)
    done = canon.edit_summary(EditSummary(text=" He drowned.\n"), at())
    new = chain_of(store)
    assert new[0] == first
    assert new[1] == canon.changed(second, summary="He drowned.")
    assert done == Effect(target="s002", commit=new[1].id)
    kept = store.branch(f"main@{second.id[:8]}")
    assert (kept.head, kept.plan_version, kept.forked_from) == (second.id, 1, second.id)


def test_before_the_first_scene_there_is_no_story_so_far(bare: ManuscriptStore) -> None:
    with pytest.raises(InputError, match="No scene is written"):
        canon.edit_summary(EditSummary(text="He drowned."), place_in(bare))


def test_a_fact_is_put_right_and_the_scenes_that_speak_of_it_are_marked(
    store: ManuscriptStore, at: At
) -> None:
    old = chain_of(store)
    act = EditFact(
        scene="1", subject=" elias MARROW", statement="he has a KEY. ", becomes=" He has none. "
    )
    done = canon.edit_fact(act, at())
    new = chain_of(store)
    right = Fact(subject="Elias Marrow", statement="He has none.")
    assert done == Effect(target="s001", commit=new[0].id)
    assert new[0] == canon.changed(old[0], facts=(right, FACTS[1]))
    assert new[1].stale == ("scene 1 no longer states: He has a key.",)
    assert (new[1].parent, new[1].prose, new[1].summary) == (
        new[0].id,
        old[1].prose,
        old[1].summary,
    )
    assert store.branch(f"main@{old[1].id[:8]}").head == old[1].id


def test_a_fact_that_becomes_nothing_is_taken_out_and_the_others_stay(
    store: ManuscriptStore, at: At
) -> None:
    canon.edit_fact(EditFact(scene="s001", subject="the sea", statement="It answers."), at())
    new = chain_of(store)
    assert new[0].facts == FACTS[:1]
    # Nothing in the second scene is about a name of the sea's.
    assert new[1].stale == ()


@pytest.mark.parametrize(
    ("subject", "statement"), [("the sea", "He has a key."), ("Elias Marrow", "It answers.")]
)
def test_a_fact_must_be_the_scenes_by_subject_and_statement(
    at: At, subject: str, statement: str
) -> None:
    with pytest.raises(UnknownTargetError, match="Scene 1 does not state") as raised:
        canon.edit_fact(EditFact(scene="1", subject=subject, statement=statement), at())
    assert raised.value.fix == "It states: Elias Marrow: He has a key.; the sea: It answers.."


def test_a_scene_without_facts_says_so(store: ManuscriptStore, at: At) -> None:
    head = chain_of(store)[-1]
    store.commit("main", factories.commit(3, head, chapter_id="ch02", facts=()))
    with pytest.raises(UnknownTargetError) as raised:
        canon.edit_fact(EditFact(scene="3", subject="the sea", statement="It answers."), at())
    assert raised.value.fix == "It states: nothing."


def test_a_fork_goes_on_from_its_scene_with_the_plan_of_that(
    store: ManuscriptStore, at: At
) -> None:
    store.add_plan("main", PLAN.model_copy(update={"parent": 1}))
    first = chain_of(store)[0]
    assert canon.fork(Fork(scene="1", name="darker"), at()) == Effect(commit=first.id)
    made = store.branch("darker")
    assert (made.head, made.plan_version, made.forked_from) == (first.id, 1, first.id)


def test_a_fork_of_no_scene_begins_with_the_first_plan(store: ManuscriptStore) -> None:
    store.add_plan("main", PLAN.model_copy(update={"parent": 1}))
    again = canon.make_fork(store, "main", "0", "again")
    assert (again.head, again.plan_version, again.forked_from) == (None, 1, None)
    # Nothing is written on a branch that was forked so: its plan is the one it has.
    store.add_plan("again", PLAN.model_copy(update={"parent": 2}))
    assert canon.make_fork(store, "again", "0", "third").plan_version == 3


def test_a_fork_of_a_novel_without_a_plan_is_refused(bare: ManuscriptStore) -> None:
    with pytest.raises(InputError, match="no plan yet"):
        canon.make_fork(bare, "main", "0", "again")


def test_a_commit_that_is_on_no_branch_of_that_name_can_be_forked(
    store: ManuscriptStore, at: At
) -> None:
    old = chain_of(store)[-1]
    canon.edit_summary(EditSummary(text="He drowned."), at())
    assert canon.make_fork(store, "main", old.id[:6], "old").head == old.id
    with pytest.raises(UnknownTargetError, match=f"no scene '{old.id[:5]}' in branch"):
        canon.make_fork(store, "main", old.id[:5], "older")


@pytest.mark.parametrize("name", ["", "1a", "_a", "a/b", "a b", "a" * 62])
def test_a_branch_needs_a_name_that_a_folder_can_have(store: ManuscriptStore, name: str) -> None:
    with pytest.raises(InputError, match="cannot be a branch's name"):
        canon.make_fork(store, "main", "1", name)


@pytest.mark.parametrize("name", ["a", "Ünder.way_2-b", "a" * 61])
def test_what_a_branch_may_be_called(store: ManuscriptStore, name: str) -> None:
    assert canon.make_fork(store, "main", "1", name).name == name


def test_a_finding_is_intended_by_its_key_and_may_be_once_more(
    store: ManuscriptStore, at: At
) -> None:
    finding = Finding(check="prose.loop", severity="warn", message="It loops.", about="c1")
    head = chain_of(store)[-1]
    store.commit("main", factories.commit(3, head, chapter_id="ch02", findings=(finding,)))
    for reason in ("He does.", "He did."):
        assert canon.exempt(Exempt(key=finding.key, reason=reason), at()) == Effect()
    assert store.exemptions() == {finding.key}
    with pytest.raises(UnknownTargetError) as raised:
        canon.exempt(Exempt(key=finding.key[:-1]), at())
    assert raised.value.message == (
        f"{finding.key[:-1]!r} is the key of no finding. Did you mean {finding.key!r}?"
    )


def test_an_exemption_may_be_repeated_after_its_finding_is_gone(
    store: ManuscriptStore, at: At
) -> None:
    store.exempt("prose.loop:c1", "He does.")
    assert canon.exempt(Exempt(key="prose.loop:c1"), at()) == Effect()


def test_the_old_chain_is_kept_once(store: ManuscriptStore, bare: ManuscriptStore) -> None:
    for _ in range(2):
        canon.keep_old_chain(store, "main")
    assert len(store.branches()) == 2


def test_a_chain_without_a_scene_needs_no_keeping(bare: ManuscriptStore) -> None:
    canon.keep_old_chain(bare, "main")
    assert [branch.name for branch in bare.branches()] == ["main"]
