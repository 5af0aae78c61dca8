"""The chain and its branches, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import pytest

from novelcraft.errors import HeadMovedError, InputError, UnknownTargetError
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import Branch, Fact, SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories


def grow(store: ManuscriptStore, length: int, branch: str = "main") -> list[SceneCommit]:
    return [store.commit(branch, commit) for commit in factories.chain(length)]


def test_a_commit_comes_back_as_it_was(store: ManuscriptStore) -> None:
    first = factories.commit(
        prose="„Grüß Gott“, said 海.\n\nEnd.",
        facts=(
            Fact(subject="海", statement="Speaks.", quote="said 海"),
            Fact(subject="Anna", statement="Hears."),
        ),
        findings=(Finding(check="c", severity="warn", message="m", evidence=("e",)),),
        stale=("scene 1 was edited",),
        accepted_by="cap",
    )
    assert store.commit("main", first) == first
    assert store.get(first.id) == first
    assert store.chain(first.id) == [first]


def test_the_chain_is_in_reading_order(store: ManuscriptStore) -> None:
    made = grow(store, 12)
    head = store.branch("main").head
    assert store.chain(head) == made
    assert store.commit_ids(head) == [c.id for c in made]
    assert store.chain(made[4].id) == made[:5]


def test_no_head_has_no_chain(store: ManuscriptStore) -> None:
    grow(store, 2)
    assert store.chain(None) == []
    assert store.commit_ids(None) == []
    assert store.facts_as_of(None) == []


def test_committing_twice_is_harmless(store: ManuscriptStore) -> None:
    made = grow(store, 3)
    for commit in made:
        assert store.commit("main", commit) == commit
    assert store.branch("main").head == made[2].id
    assert store.chain(made[2].id) == made


def test_a_commit_beside_the_head_is_refused(store: ManuscriptStore) -> None:
    made = grow(store, 2)
    late = factories.commit(2, made[0], prose="Another second scene.")
    with pytest.raises(HeadMovedError, match="'main'"):
        store.commit("main", late)
    assert store.chain(store.branch("main").head) == made
    with pytest.raises(UnknownTargetError):
        store.get(late.id)


def test_a_commit_out_of_its_place_is_refused(store: ManuscriptStore) -> None:
    made = grow(store, 1)
    with pytest.raises(ValueError, match="position 3"):
        store.commit("main", factories.commit(3, made[0]))
    assert store.branch("main").head == made[0].id


def test_a_branch_grows_apart(store: ManuscriptStore) -> None:
    made = grow(store, 3)
    store.create_branch("dark", head=made[1].id, plan_version=1, forked_from=made[1].id)
    other = store.commit("dark", factories.commit(3, made[1], prose="Darker."))
    assert store.chain(store.branch("dark").head) == [*made[:2], other]
    assert store.chain(store.branch("main").head) == made
    assert [b.name for b in store.branches()] == ["dark", "main"]
    assert store.count_siblings(made[1].id, "s003") == 2
    assert store.count_siblings(None, "s001") == 1


def test_the_same_scene_may_lie_on_two_branches(store: ManuscriptStore) -> None:
    made = grow(store, 2)
    store.create_branch("twin", head=made[0].id, plan_version=1)
    store.commit("twin", made[1])
    assert store.chain(store.branch("twin").head) == made


def test_creating_a_branch_again(store: ManuscriptStore) -> None:
    (first,) = grow(store, 1)
    for _ in range(2):
        made = store.create_branch("b", head=first.id, plan_version=1, forked_from=first.id)
    assert made == Branch(name="b", head=first.id, plan_version=1, forked_from=first.id)
    with pytest.raises(InputError, match="'b'"):
        store.create_branch("b", head=None, plan_version=None)


def test_an_unknown_branch_names_those_there_are(store: ManuscriptStore) -> None:
    with pytest.raises(UnknownTargetError, match="'nope'") as caught:
        store.branch("nope")
    assert "main" in caught.value.fix


def test_set_head_compares_first(store: ManuscriptStore) -> None:
    made = grow(store, 3)
    with pytest.raises(HeadMovedError, match=made[2].id[:12]):
        store.set_head("main", made[0].id, expected=made[1].id)
    store.set_head("main", made[0].id, expected=made[2].id)
    assert store.chain(store.branch("main").head) == made[:1]
    store.set_head("main", None, expected=made[0].id)
    assert store.branch("main").head is None
    with pytest.raises(UnknownTargetError):
        store.set_head("main", "f" * 64, expected=None)


def test_get_by_prefix(store: ManuscriptStore) -> None:
    made = grow(store, 3)
    assert store.get(made[1].id[:12]) == made[1]
    with pytest.raises(UnknownTargetError, match="More than one"):
        store.get("")
    with pytest.raises(UnknownTargetError, match="No commit begins with '%'"):
        store.get("%")


def test_facts_are_those_of_the_ancestors(store: ManuscriptStore) -> None:
    made = grow(store, 3)
    store.create_branch("other", head=made[0].id, plan_version=1)
    ghost = Fact(subject="Ghost", statement="Only in the other branch.")
    other = store.commit("other", factories.commit(2, made[0], prose="Other.", facts=(ghost,)))
    assert store.facts_as_of(made[2].id) == [(c.position, c.facts[0]) for c in made]
    assert store.facts_as_of(other.id) == [(1, made[0].facts[0]), (2, ghost)]


def test_a_tail_is_replaced_whole(store: ManuscriptStore) -> None:
    made = grow(store, 4)
    tail = [factories.commit(2, made[0], prose="A new second scene.")]
    tail.append(factories.commit(3, tail[0], prose="A third."))
    for _ in range(2):
        store.replace_tail("main", tail, expected=made[3].id)
    assert store.chain(store.branch("main").head) == [made[0], *tail]
    assert store.chain(made[3].id) == made


def test_a_tail_that_does_not_hang_together_leaves_nothing(store: ManuscriptStore) -> None:
    made = grow(store, 3)
    good = factories.commit(2, made[0], prose="New.")
    with pytest.raises(ValueError, match="does not follow"):
        store.replace_tail("main", [good, made[2]], expected=made[2].id)
    with pytest.raises(HeadMovedError):
        store.replace_tail("main", [good], expected=made[0].id)
    assert store.branch("main").head == made[2].id
    with pytest.raises(UnknownTargetError):
        store.get(good.id)


def test_what_was_written_is_there_after_reopening(target: str) -> None:
    with ManuscriptStore.create(target, novel_id="a" * 32) as store:
        store.create_branch("main", head=None, plan_version=None)
        store.add_plan("main", factories.plan())
        made = grow(store, 3)
    with ManuscriptStore.open(target) as again:
        assert again.novel_id == again.session == "a" * 32
        assert again.chain(again.branch("main").head) == made
