"""What a person is shown at a gate, and where an act that was left will be taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.graphs.steering import (
    gate_target,
    gate_text,
    needs_process,
    outline_text,
    put,
    settled_event,
    taken_at,
    takes_acts,
    waiting_at,
)
from novelcraft.state.acts import (
    Act,
    Approve,
    Effect,
    Note,
    Pause,
    PinFact,
    Redraw,
    Reject,
    SetRole,
)
from novelcraft.state.events import ActSettled, Decided, Waiting
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import ProjectLock
from tests import factories
from tests.graphs.bench import PLAN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ManuscriptStore]:
    """Two chapters of two scenes, the first chapter written."""
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        opened.create_branch("main", head=None, plan_version=None)
        opened.add_plan("main", PLAN)
        opened.create_branch("new", head=None, plan_version=1)
        for commit in factories.chain(2):
            opened.commit("main", commit)
        yield opened


def left(store: ManuscriptStore, act: Act) -> str:
    record = store.put_act(act, branch="main", by="")
    return taken_at(store, record, running=True)


def test_a_plan_is_shown_with_its_people_chapters_and_scenes(store: ManuscriptStore) -> None:
    text = outline_text(PLAN)
    assert text.splitlines() == [
        "The Answering Sea",
        "A keeper writes to the sea.",
        "It ends: He stops writing.",
        "",
        "Elias Marrow: keeper of the light; wants An answer from the sea",
        "Anna Veil: neighbour; wants An answer from the sea",
        "",
        "Chapter 1: Letter 1. Letter 1 is answered.",
        "  s001 the lighthouse: Elias wants answer number 1.",
        "  s002 the lighthouse: Elias wants answer number 2.",
        "",
        "Chapter 2: Letter 2. Letter 2 is answered.",
        "  s003 the lighthouse: Elias wants answer number 3.",
        "  s004 the lighthouse: Elias wants answer number 4.",
    ]
    assert gate_text(store, "main", "plan") == text
    # Where nothing is written there is nothing else to be seen.
    assert gate_text(store, "new", "chapter") == gate_text(store, "new", "scene") == text


def test_a_scene_is_shown_as_it_is_and_a_chapters_end_by_what_was_and_comes(
    store: ManuscriptStore,
) -> None:
    head = store.get(store.branch("main").head or "")
    assert gate_text(store, "main", "scene") == head.prose
    assert gate_text(store, "main", "chapter").splitlines() == [
        "The story so far: Elias has read 2 letters.",
        "",
        "Next:",
        "  s003 the lighthouse: Elias wants answer number 3.",
        "  s004 the lighthouse: Elias wants answer number 4.",
    ]


def test_of_what_comes_only_the_next_chapter_is_shown(store: ManuscriptStore) -> None:
    first = store.commit_ids(store.branch("main").head)[0]
    store.create_branch("first", head=first, plan_version=1)
    assert gate_text(store, "first", "chapter").splitlines()[3:] == [
        "  s002 the lighthouse: Elias wants answer number 2."
    ]


def test_what_a_gate_is_about(store: ManuscriptStore) -> None:
    assert gate_target(store, "main", "plan") == "plan"
    assert gate_target(store, "main", "chapter") == "ch01"
    assert gate_target(store, "main", "scene") == "s002"
    assert gate_target(store, "new", "scene") == "plan"


def test_a_gate_is_waited_at_until_something_came_of_it(store: ManuscriptStore) -> None:
    assert waiting_at(store, "main") is None
    waiting = Waiting(gate="plan", about="x")
    store.log_event(waiting, "main")
    assert waiting_at(store, "main") == waiting
    assert waiting_at(store, "new") is None
    store.log_event(Decided(gate="plan", about="x", action="accept", commit=""), "main")
    assert waiting_at(store, "main") is None


def test_where_an_act_will_be_taken_by_a_run(store: ManuscriptStore) -> None:
    pin = PinFact(subject="Anna", statement="is blind")
    role = SetRole(role="cheap", changes={"think": True})
    assert left(store, Note(text="Rain.")) == "before the next draft"
    assert left(store, pin) == "before the next draft"
    assert left(store, Redraw(scene="1")) == left(store, role) == "before the next brief"
    store.log_event(Waiting(gate="plan", about="x"), "main")
    assert left(store, pin) == left(store, Reject()) == "at the gate where the run waits"
    # Models are not changed at a gate.
    assert left(store, role) == "before the next brief"


def test_where_an_act_will_be_taken_without_a_run(store: ManuscriptStore) -> None:
    for act, where in (
        (Redraw(scene="1"), "when a run goes on"),
        (Reject(), "when a run comes to a gate"),
    ):
        record = store.put_act(act, branch="main", by="")
        assert taken_at(store, record, running=False) == where
    store.undo_act(record.id)
    assert taken_at(store, store.act(record.id), running=False) == ""
    assert taken_at(store, store.act(record.id), running=True) == ""


def test_who_takes_an_act_that_needs_a_model(store: ManuscriptStore, tmp_path: Path) -> None:
    with ProjectLock(tmp_path, writes="main"):
        assert takes_acts(tmp_path, "main")
        assert not takes_acts(tmp_path, "new")
        record = put(tmp_path, store, Redraw(scene="1"))
        assert (record.status, record.by) == ("pending", "")
        assert not needs_process(tmp_path, record)
    assert not takes_acts(tmp_path, "main")
    assert needs_process(tmp_path, record)
    light = store.put_act(PinFact(subject="Anna", statement="is blind"), branch="main", by="")
    assert not needs_process(tmp_path, light)
    store.undo_act(record.id)
    assert not needs_process(tmp_path, store.act(record.id))


def test_what_needs_no_model_is_done_at_once_on_its_branch_and_logged(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    waits = store.put_act(PinFact(subject="Tom", statement="is dead"), branch="new", by="")
    done = put(tmp_path, store, Approve(gate="plan"), branch="new", by="Ida")
    assert (done.status, done.by, done.point, done.target) == ("applied", "Ida", "idle", "plan")
    assert store.act(waits.id).status == "applied"
    events = [entry.event for entry in store.events(branch="new")]
    assert events == [settled_event(store.act(n)) for n in (waits.id, done.id)]
    assert store.events(branch="main") == []


def test_what_is_meant_for_a_run_or_a_gate_is_refused_where_there_is_none(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    paused, sent_back = (put(tmp_path, store, act) for act in (Pause(), Reject()))
    assert paused.status == sent_back.status == "refused"
    assert "No run is going on that it could be meant for." in paused.reason
    assert "Start one: novelcraft write NOVEL" in paused.reason
    assert "The run waits at no gate." in sent_back.reason
    assert "Have a scene drawn again with `redraw`." in sent_back.reason
    store.log_event(Waiting(gate="scene", about="x"), "main")
    # It is for the run that comes to the gate again.
    assert put(tmp_path, store, Reject()).status == "pending"
    approved = put(tmp_path, store, Approve())
    assert (approved.status, approved.target) == ("applied", "s002")


def test_what_is_told_of_an_act_that_was_taken(store: ManuscriptStore) -> None:
    record = store.put_act(Note(text="Rain."), branch="main", by="")
    done = store.finish_act(record.id, "brief", Effect(target="s003", attempt=1))
    told = {"act": record.id, "what": "note", "reason": "", "point": "brief", "target": "s003"}
    assert settled_event(done) == ActSettled(status="applied", **told)
    other = store.put_act(Note(text="Rain."), branch="main", by="")
    refused = store.refuse_act(other.id, "gate", "No.")
    assert settled_event(refused) == ActSettled(
        act=other.id, what="note", status="refused", reason="No.", point="gate", target=""
    )
