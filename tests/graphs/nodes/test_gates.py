"""Gates: what a run at one does with each answer, and without one."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.errors import HeadMovedError
from novelcraft.graphs.nodes.gates import gate_chapter, gate_plan, gate_scene, take_back
from novelcraft.state.acts import Act, Approve, EditWorld, Pause, PinFact, Reject, Stop
from tests.graphs.bench import Bench, OpenBench

ALL = {"attend": ("plan", "chapter", "scene")}
GATES = {"plan": gate_plan, "chapter": gate_chapter, "scene": gate_scene}
ABOUT = {"plan": "The Answering Sea", "chapter": "chapter 1, Letter 1", "scene": "scene 2"}
TARGET = {"plan": "plan", "chapter": "ch01", "scene": "s002"}
gates = pytest.mark.parametrize("gate", GATES)


async def come_to(gate: str, bench: Bench, **state: Any) -> dict[str, Any]:
    return await GATES[gate](bench.state(**state), bench.runtime)


@gates
async def test_a_gate_that_nobody_attends_is_open(open_bench: OpenBench, gate: str) -> None:
    others = tuple(other for other in GATES if other != gate)
    async with open_bench(write={"attend": others}) as bench:
        left = bench.leave(Stop())
        assert (await come_to(gate, bench))["action"] == "accept"
        assert bench.events == []
        assert bench.act(left).status == "pending"


@gates
async def test_a_run_that_nobody_answers_ends_waiting(open_bench: OpenBench, gate: str) -> None:
    async with open_bench(write=ALL) as bench:
        came = await come_to(gate, bench)
        (waiting,) = bench.of("waiting")
        assert len(bench.events) == 1
    assert came["action"] == "wait"
    assert came["head"] == bench.store.branch("main").head
    assert came["plan_version"] == 1
    assert (waiting.gate, waiting.about) == (gate, ABOUT[gate])


@gates
@pytest.mark.parametrize(
    ("act", "action"), [(Approve(), "accept"), (Stop(), "stop"), (Reject(note="Sun."), "redraw")]
)
async def test_an_answer_is_taken_told_and_kept(
    open_bench: OpenBench, gate: str, act: Act, action: str
) -> None:
    async with open_bench(write=ALL) as bench:
        head = bench.store.branch("main").head
        left = bench.leave(act)
        came = await come_to(gate, bench)
        record, (decided,) = bench.act(left), bench.of("decided")
    assert came["action"] == action
    assert came.get("note", "") == ("Sun." if action == "redraw" else "")
    assert (record.status, record.point, record.target) == ("applied", "gate", TARGET[gate])
    assert record.commit == (head if action == "redraw" else None)
    assert (decided.gate, decided.about) == (gate, ABOUT[gate])
    assert (decided.action, decided.commit) == (action, head)


@gates
async def test_what_a_person_let_pass_before_is_not_waited_at(
    open_bench: OpenBench, gate: str
) -> None:
    async with open_bench(write=ALL) as bench:
        bench.leave(Approve())
        await come_to(gate, bench)
        bench.events.clear()
        left = bench.leave(Stop())
        assert (await come_to(gate, bench))["action"] == "accept"
        assert bench.events == []
        assert bench.act(left).status == "pending"


async def test_a_chapter_that_may_pass_lets_its_scenes_pass(open_bench: OpenBench) -> None:
    async with open_bench(3, write=ALL) as bench:
        bench.leave(Approve(gate="chapter", target="1"))
        assert (await come_to("plan", bench))["action"] == "wait"
        second = bench.store.chain(bench.store.branch("main").head)[1]
        assert (await come_to("scene", bench))["action"] == "wait"
        assert (await come_to("scene", bench, head=second.id))["action"] == "accept"


async def test_a_plan_is_drawn_again_once_for_each_time_it_is_sent_back(
    open_bench: OpenBench,
) -> None:
    async with open_bench(0, write=ALL) as bench:
        bench.leave(Reject(note="Sun."))
        assert (await come_to("plan", bench))["plan_draw"] == 1
        (decided,) = bench.of("decided")
        assert decided.commit == ""
        bench.events.clear()
        # A run that was killed then comes to the gate again, and does as it was told.
        again = await come_to("plan", bench)
        assert (again["action"], again["note"], again["plan_draw"]) == ("redraw", "Sun.", 1)
        assert bench.events == []
        drawn = await come_to("plan", bench, plan_draw=1)
        assert (drawn["action"], drawn["note"], drawn["plan_draw"]) == ("wait", "", 1)
        bench.leave(Reject(note="Wind."))
        assert (await come_to("plan", bench, plan_draw=1))["plan_draw"] == 2
        assert (await come_to("plan", bench, plan_draw=1))["note"] == "Wind."


async def test_what_was_sent_back_elsewhere_does_not_count_here(open_bench: OpenBench) -> None:
    async with open_bench(1, write=ALL) as bench:
        bench.leave(Reject(note="Sun."))
        await come_to("plan", bench)
        assert (await come_to("chapter", bench))["action"] == "wait"
        bench.write()
        assert (await come_to("plan", bench))["action"] == "wait"


async def test_after_a_chapter_that_is_sent_back_its_end_is_planned_once_more(
    open_bench: OpenBench,
) -> None:
    async with open_bench(write=ALL) as bench:
        waits = await come_to("chapter", bench, draw=3)
        assert (waits["chapter_ended"], waits["draw"]) == (False, 0)
        bench.leave(Reject())
        sent_back = await come_to("chapter", bench)
        assert (sent_back["chapter_ended"], sent_back["draw"]) == (True, 1)
        assert (await come_to("chapter", bench, draw=1))["action"] == "wait"


async def test_a_scene_that_is_sent_back_is_taken_back(open_bench: OpenBench) -> None:
    async with open_bench(write=ALL) as bench:
        first, second = bench.store.chain(bench.store.branch("main").head)
        bench.leave(Reject(note="Sun."))
        came = await come_to("scene", bench)
        assert came == {
            "action": "redraw", "head": first.id, "note": "Sun.", "draw": 1,
            "chapter_ended": False,
        }  # fmt: skip
        assert bench.store.branch("main").head == first.id
        take_back(bench.context, "main", second)
        assert bench.store.branch("main").head == first.id
        other = bench.write(prose="Another second scene.")
        bench.leave(Reject())
        assert (await come_to("scene", bench))["draw"] == 2
        assert bench.store.branch("main").head == first.id
        bench.store.commit("main", other)
        with pytest.raises(HeadMovedError, match="'main' is no longer at scene 2"):
            take_back(bench.context, "main", second)


async def test_a_scene_of_a_persons_own_needs_no_answer(open_bench: OpenBench) -> None:
    async with open_bench(1, write=ALL) as bench:
        bench.write(accepted_by="person")
        came = await come_to("scene", bench, capped_in_row=2)
        head = bench.store.branch("main").head
    assert came == {"action": "accept", "head": head, "plan_version": 1, "capped_in_row": 0}
    assert bench.events == []


@gates
async def test_what_is_changed_meanwhile_is_asked_about_as_it_is_then(
    open_bench: OpenBench, gate: str
) -> None:
    async with open_bench(write=ALL) as bench:
        bench.leave(EditWorld(changes={"text": "It rains."}))
        late = bench.leave(Approve())
        came = await come_to(gate, bench)
        assert (came["action"], came["plan_version"]) == ("again", 2)
        assert bench.act(late).status == "pending"


async def test_what_changes_nothing_there_is_taken_and_the_answer_waited_for(
    open_bench: OpenBench,
) -> None:
    async with open_bench(write=ALL) as bench:
        pinned = bench.leave(PinFact(subject="Anna", statement="is blind"))
        paused = bench.leave(Pause())
        bench.leave(Approve(gate="scene", target="1"))
        assert (await come_to("scene", bench))["action"] == "wait"
        assert bench.act(pinned).point == "gate"
        assert bench.act(paused).status == "pending"


async def test_a_note_that_is_too_long_is_refused_and_the_answer_waited_for(
    open_bench: OpenBench,
) -> None:
    async with open_bench(write=ALL) as bench:
        left = bench.leave(Reject(note="rain " * 5_000))
        assert (await come_to("scene", bench))["action"] == "wait"
        record = bench.act(left)
        assert (record.status, record.point) == ("refused", "gate")
        assert "Say it shorter." in record.reason
        bench.leave(Reject(note="rain"))
        assert (await come_to("scene", bench))["action"] == "redraw"


async def test_a_run_that_is_attended_waits_until_it_is_answered(open_bench: OpenBench) -> None:
    async with open_bench(write=ALL) as bench:
        events: list[Any] = []

        def listen(event: Any) -> None:
            events.append(event)
            if event.kind == "waiting":
                bench.leave(Approve())

        runtime = bench.waiting(wait=True, emit=listen, until=3)
        came = await gate_plan(bench.state(), runtime)
    assert (came["action"], came["until"]) == ("accept", 3)
    assert [event.kind for event in events] == ["waiting", "act_settled", "decided"]
