"""Checkpoints hold the step in flight, and no more of the book the longer it gets."""

from __future__ import annotations

from pathlib import Path

from novelcraft.graphs.checkpoints import open_checkpoints
from novelcraft.graphs.runner import thread
from novelcraft.graphs.write import build_write_graph
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk


async def rows(folder: Path) -> int:
    async with open_checkpoints(folder) as saver:
        await saver.setup()
        counted = await saver.conn.execute_fetchall(
            "SELECT (SELECT count(*) FROM checkpoints) + (SELECT count(*) FROM writes)"
        )
        return int(next(iter(counted))[0])


async def test_rows_of_a_novel_stay_constant(serve: type[FakeServer], open_desk: OpenDesk) -> None:
    desk = open_desk(serve())
    seen = []
    for scenes in (2, 4, 6, 8):
        await desk.write(until=scenes)
        seen.append(await rows(desk.novel.folder))
    assert max(seen) < 200
    assert max(seen[1:]) < 2 * seen[0]


async def test_the_step_in_flight_is_kept(serve: type[FakeServer], open_desk: OpenDesk) -> None:
    desk = open_desk(serve(), write={"attend": ["scene"]})
    await desk.write(until=6)  # waits at the first gate
    async with open_checkpoints(desk.novel.folder) as saver:
        state = await build_write_graph(saver).aget_state(thread("main"))
    assert state.next == ("gate_scene",)
    assert state.interrupts
    assert state.values["position"] == 1


async def test_another_branch_keeps_its_own(serve: type[FakeServer], open_desk: OpenDesk) -> None:
    desk = open_desk(serve(), write={"attend": ["scene"]})
    await desk.write()
    desk.novel.fork("1", "other")
    desk.novel.settings = desk.novel.settings.model_copy(
        update={"write": desk.novel.settings.write.model_copy(update={"attend": ()})}
    )
    await desk.write(branch="other", until=4)
    async with open_checkpoints(desk.novel.folder) as saver:
        graph = build_write_graph(saver)
        assert (await graph.aget_state(thread("main"))).interrupts
        assert not (await graph.aget_state(thread("other"))).interrupts
