"""What a run takes at a safe point, where it waits there, and when it ends there."""

from __future__ import annotations

import pytest

from novelcraft.graphs.nodes.safe_points import at_safe_point
from novelcraft.state.acts import Note, Pause, Reject, Resume, SafePoint, Stop
from novelcraft.state.events import WriteEvent
from tests.graphs.bench import Bench, OpenBench


async def visit(bench: Bench, point: SafePoint = "draft") -> bool:
    place = bench.context.place("main", point, scene_id="s003", attempt=2)
    return await at_safe_point(bench.context, place)


def statuses(bench: Bench) -> list[str]:
    return [record.status for record in bench.store.acts("main")]


async def test_an_act_is_taken_at_the_place_where_the_run_is(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        left = bench.leave(Note(text="Rain.", scene="3"))
        assert not await visit(bench)
        record = bench.act(left)
        (told,) = bench.of("act_settled")
    assert (record.status, record.point, record.target, record.attempt) == (
        *("applied", "draft", "s003"),
        2,
    )
    assert (told.act, told.what, told.status, told.point, told.target, told.reason) == (
        *(left, "note", "applied", "draft", "s003"),
        "",
    )


async def test_what_may_not_be_taken_there_stays(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        bench.leave(Note(text="For the next scene."))
        assert not await visit(bench)
        assert statuses(bench) == ["pending"]
        assert bench.events == []


@pytest.mark.parametrize("resumed", [Resume(), Stop()])
async def test_a_run_that_is_paused_waits_until_somebody_says_more(
    open_bench: OpenBench, resumed: Resume | Stop
) -> None:
    async with open_bench() as bench:
        events: list[WriteEvent] = []

        def listen(event: WriteEvent) -> None:
            events.append(event)
            if len(events) == 1:
                bench.leave(resumed)

        bench.leave(Pause())
        paused = Bench(bench.waiting(emit=listen).context, events)
        stops = await visit(paused, "brief")
        assert stops is (resumed == Stop())
        assert statuses(bench) == ["applied", "applied"]
        assert [event.what for event in paused.of("act_settled")] == ["pause", resumed.kind]


async def test_a_stop_waits_until_the_scene_in_hand_is_written(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        bench.leave(Pause())
        bench.leave(Stop())
        assert not await visit(bench, "draft")
        assert statuses(bench) == ["applied", "pending"]
        bench.leave(Note(text="Left for the next run."))
        assert await visit(bench, "brief")
        assert statuses(bench) == ["applied", "applied", "pending"]


async def test_what_nothing_waits_for_is_refused(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        for act, reason in ((Resume(), "not paused"), (Reject(), "waits at no gate")):
            left = bench.leave(act)
            assert not await visit(bench)
            record = bench.act(left)
            assert (record.status, record.point) == ("refused", "draft")
            assert reason in record.reason
            assert bench.of("act_settled")[-1].reason == record.reason
