"""Acts are taken, or wait, or are refused: what stands of each then, and what is told."""

from __future__ import annotations

import pytest

from novelcraft.graphs import steering
from novelcraft.state import acts
from novelcraft.state.acts import Act, Effect
from novelcraft.state.events import Gate, Waiting, WriteEvent
from novelcraft.tools.canon.store import ManuscriptStore
from tests.graphs.acts.conftest import At

PIN = acts.PinFact(subject="Anna", statement="is blind")
EDIT = acts.EditWorld(changes={"text": "It rains."})


@pytest.mark.parametrize(
    ("act", "running", "waits", "at_a_gate"),
    [
        (EDIT, "before the next brief", "when a run goes on", True),
        (acts.Pause(), "before the next draft", "when a run goes on", False),
        (PIN, "before the next draft", "when a run goes on", True),
        (acts.SetRole(role="cheap", changes={"think": True}), "before the next brief",
         "when a run goes on", False),
        # Where the run waits at no gate by then, it is refused there.
        (acts.Reject(), "before the next brief", "when a run comes to a gate", True),
    ],
)  # fmt: skip
def test_where_an_act_will_be_taken(
    store: ManuscriptStore, act: Act, running: str, waits: str, at_a_gate: bool
) -> None:
    record = store.put_act(act, branch="main", by="")
    assert steering.taken_at(store, record, running=True) == running
    assert steering.taken_at(store, record, running=False) == waits
    store.log_event(Waiting(gate="scene", about="scene 2"), "main")
    gate = "at the gate where the run waits" if at_a_gate else running
    assert steering.taken_at(store, record, running=True) == gate
    assert steering.taken_at(store, record, running=False) == waits
    done = store.finish_act(record.id, "gate")
    assert steering.taken_at(store, done, running=True) == ""


@pytest.mark.parametrize(
    ("gate", "target"), [("plan", "plan"), ("chapter", "ch01"), ("scene", "s002")]
)
def test_what_a_gate_is_about(store: ManuscriptStore, gate: Gate, target: str) -> None:
    assert steering.gate_target(store, "main", gate) == target
    store.create_branch("again", head=None, plan_version=1)
    assert steering.gate_target(store, "again", gate) == "plan"


def test_an_act_is_taken_where_it_may_be_and_told_of(store: ManuscriptStore, at: At) -> None:
    events: list[WriteEvent] = []
    record = store.put_act(EDIT, branch="main", by="")
    assert not steering.take(record, at("draft"), events.append)
    assert (store.act(record.id).status, events) == ("pending", [])
    assert steering.take(record, at("brief"), events.append)
    settled = store.act(record.id)
    assert (settled.status, settled.point, settled.plan_version) == ("applied", "brief", 2)
    assert events == [steering.settled_event(settled)]
    needs = store.put_act(acts.Redraw(scene="1"), branch="main", by="")
    assert not steering.take(needs, at("brief"), events.append)


def test_an_act_that_cannot_be_done_is_refused_and_changes_nothing(
    store: ManuscriptStore, at: At
) -> None:
    events: list[WriteEvent] = []
    record = store.put_act(acts.Note(text="Rain.", scene="2"), branch="main", by="")
    assert steering.take(record, at("gate"), events.append)
    settled = store.act(record.id)
    assert (settled.status, settled.point) == ("refused", "gate")
    assert "Scene s002 is written already." in settled.reason
    (told,) = events
    assert told == steering.settled_event(settled)
    assert told.model_dump(exclude={"kind"}) == {
        "act": record.id, "what": "note", "status": "refused", "reason": settled.reason,
        "point": "gate", "target": "",
    }  # fmt: skip


def test_what_somebody_took_back_meanwhile_is_neither_done_nor_refused(
    store: ManuscriptStore, at: At
) -> None:
    events: list[WriteEvent] = []
    record = store.put_act(acts.Stop(), branch="main", by="")
    store.undo_act(record.id)
    steering.finish(record, at("brief"), events.append, Effect(target="s003"))
    steering.refuse(record, at("brief"), steering.nothing_waits(), events.append)
    assert store.act(record.id).status == "undone"
    assert events == []


def test_what_was_meant_for_a_run_that_has_ended_is_not_the_next_ones(
    store: ManuscriptStore, at: At
) -> None:
    events: list[WriteEvent] = []
    left = [store.put_act(a, branch="main", by="").id for a in (acts.Stop(), PIN, acts.Pause())]
    steering.refuse_leftovers(at("brief"), events.append)
    assert [store.act(n).status for n in left] == ["refused", "pending", "refused"]
    assert "No run is going on" in store.act(left[0]).reason
    assert len(events) == 2
