"""Acts in the store: left, settled once, taken back; order; one transaction with their effect."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from novelcraft.errors import InputError, UnknownTargetError
from novelcraft.state.acts import Effect, Note, Pause, PinFact
from novelcraft.tools.canon.store import ManuscriptStore


@pytest.fixture
def store(tmp_path: Path) -> ManuscriptStore:
    made = ManuscriptStore.create(tmp_path / "novel.db")
    made.create_branch("main", head=None, plan_version=None)
    return made


def test_an_act_is_found_again_as_it_was_left(store: ManuscriptStore) -> None:
    left = store.put_act(Note(text="More rain."), branch="main", by="Ida")
    with ManuscriptStore.open(store._db.name) as other:
        assert other.act(left.id) == left
        assert other.acts("main", "pending") == [left]
    assert (left.by, left.status, left.settled_at) == ("Ida", "pending", "")


def test_an_act_is_settled_once(store: ManuscriptStore) -> None:
    first, second = (store.put_act(Pause(), branch="main", by="") for _ in range(2))
    done = store.finish_act(first.id, "brief", Effect(target="s001"))
    assert (done.status, done.point, done.target) == ("applied", "brief", "s001")
    for settle in (store.undo_act, lambda n: store.refuse_act(n, "brief", "late")):
        with pytest.raises(InputError, match="Act 1 is applied already"):
            settle(first.id)
    assert store.undo_act(second.id).status == "undone"
    with pytest.raises(InputError, match="undone already"):
        store.finish_act(second.id, "brief")
    assert store.act(first.id) == done


def test_what_is_not_there_cannot_be_named(store: ManuscriptStore) -> None:
    with pytest.raises(UnknownTargetError, match="no act 7"):
        store.undo_act(7)
    with pytest.raises(UnknownTargetError, match="'other'"):
        store.put_act(Pause(), branch="other", by="")


def test_an_act_and_its_effect_are_kept_or_undone_together(store: ManuscriptStore) -> None:
    act = store.put_act(Pause(), branch="main", by="")

    def fail_late() -> None:
        with store.atomic():
            store.exempt("a:b", "meant")
            store.finish_act(act.id, "brief")
            assert store.exemptions() == {"a:b"}
            assert store.act(act.id).status == "applied"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_late()
    assert store.exemptions() == set()
    assert store.act(act.id).status == "pending"


def test_writers_in_other_threads_are_no_part_of_a_transaction(store: ManuscriptStore) -> None:
    seen: list[set[str]] = []
    with store.atomic():
        store.exempt("a:b", "meant")
        other = threading.Thread(target=lambda: seen.append(store.exemptions()))
        other.start()
        other.join()
    assert seen == [set()]
    assert store.exemptions() == {"a:b"}


def test_two_who_leave_acts_at_once_keep_their_order(store: ManuscriptStore) -> None:
    def leave(who: str) -> None:
        with ManuscriptStore.open(store._db.name) as mine:
            for n in range(20):
                act = PinFact(subject=who, statement=str(n))
                mine.put_act(act, branch="main", by=who)

    people = [threading.Thread(target=leave, args=(who,)) for who in ("Anna", "Tom")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    acts = store.acts("main")
    assert [act.id for act in acts] == list(range(1, 41))
    for who in ("Anna", "Tom"):
        said = [a.act.statement for a in acts if a.by == who and isinstance(a.act, PinFact)]
        assert said == [str(n) for n in range(20)]
