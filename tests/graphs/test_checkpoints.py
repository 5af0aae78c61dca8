"""Checkpoints hold the step in flight, and no more of the book the longer it gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import ModelError
from novelcraft.graphs.checkpoints import open_checkpoints
from novelcraft.graphs.runner import thread
from novelcraft.graphs.write import build_write_graph
from tests.fakes import script as s
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
    script = s.Script()
    script.on(s.prose, s.fail(400), after=1)
    desk = open_desk(serve(script=script))
    with pytest.raises(ModelError):
        await desk.write()  # dies in the second scene's draft
    async with open_checkpoints(desk.novel.folder) as saver:
        state = await build_write_graph(saver).aget_state(thread("main"))
    assert state.next == ("narrate",)
    assert state.values["position"] == 1


async def test_another_branch_keeps_its_own(serve: type[FakeServer], open_desk: OpenDesk) -> None:
    script = s.Script()
    broken = script.on(s.prose, s.fail(400), after=1)
    desk = open_desk(serve(script=script))
    with pytest.raises(ModelError):
        await desk.write()
    broken.count = 0
    desk.novel.fork("1", "other")
    await desk.write(branch="other", until=3)
    async with open_checkpoints(desk.novel.folder) as saver:
        graph = build_write_graph(saver)
        assert (await graph.aget_state(thread("main"))).next == ("narrate",)
        assert not (await graph.aget_state(thread("other"))).next
