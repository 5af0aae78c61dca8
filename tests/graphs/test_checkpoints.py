"""Checkpoints hold the step in flight, and no more of the book the longer it gets."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.test_utils import generate_checkpoint, generate_config
from langgraph.checkpoint.memory import InMemorySaver

from novelcraft.errors import LeaseLostError, ModelError
from novelcraft.graphs.checkpoints import open_checkpoints
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.runner import thread
from novelcraft.graphs.write import build_write_graph
from novelcraft.state.batch import BatchRow
from novelcraft.tools.batch.shared import Lease, open_novel_store, open_shared
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk


@pytest.fixture(params=["sqlite", "postgresql"])
def open_kept(request: pytest.FixtureRequest, open_desk: OpenDesk) -> OpenDesk:
    """Opens desks whose database, and so whose checkpoints, are of either kind."""
    if request.param == "sqlite":
        return open_desk
    url = request.getfixturevalue("database")
    return partial(
        open_desk,
        open_store=lambda novel_id: open_novel_store(url, 1, novel_id, guard=None, idle_seconds=60),
    )


async def rows(novel: Novel) -> int:
    """Checkpoints, and the writes that wait beside them."""
    async with open_checkpoints(novel.folder, novel.store) as saver:
        return sum([1 + len(kept.pending_writes or ()) async for kept in saver.alist(None)])


async def test_rows_of_a_novel_stay_constant(serve: type[FakeServer], open_kept: OpenDesk) -> None:
    script = s.Script()
    script.on(s.prose, s.fail(400), after=6)
    desk = open_kept(serve(script=script))
    seen = []
    for scenes in (2, 4, 6):
        await desk.write(until=scenes)
        seen.append(await rows(desk.novel))
    assert seen == [1, 1, 1]
    with pytest.raises(ModelError):
        await desk.write()
    assert await rows(desk.novel) < 4


async def test_they_do_what_langgraph_asks_of_a_checkpointer(
    serve: type[FakeServer], open_kept: OpenDesk
) -> None:
    novel = open_kept(serve()).novel

    @checkpointer_test("novelcraft")
    async def ours() -> AsyncGenerator[BaseCheckpointSaver[str]]:
        async with open_checkpoints(novel.folder, novel.store) as saver:
            yield saver

    report = await validate(ours)
    asked = {name: result for name, result in report.results.items() if result.detected}
    assert {*asked} == {"put", "put_writes", "get_tuple", "list", "delete_thread", "prune"}
    assert [result.failures for result in asked.values() if not result.passed] == []


async def test_a_worker_that_lost_its_novel_keeps_no_checkpoint(
    database: str, tmp_path: Path
) -> None:
    with open_shared(database) as batch:
        batch.take([BatchRow(name="a", settings={"novel": {"premise": "Bees"}})], [])
        lease = Lease.take(batch, "a", 60)
        assert lease is not None
        with open_novel_store(database, 1, "0" * 32, guard=lease.guard, idle_seconds=60) as store:
            async with open_checkpoints(tmp_path, store) as saver:
                await saver.aput(generate_config("main"), generate_checkpoint(), {}, {})
                lease.release()
                with pytest.raises(LeaseLostError):
                    await saver.aput(generate_config("main"), generate_checkpoint(), {}, {})


async def test_what_was_never_kept_or_is_lost_can_be_dropped(
    open_kept: OpenDesk, serve: type[FakeServer]
) -> None:
    novel = open_kept(serve()).novel
    for drop in ("adelete_thread", "aprune"):
        async with open_checkpoints(novel.folder, novel.store) as saver:
            await getattr(saver, drop)("main" if drop == "adelete_thread" else ["main"])
        for path in novel.folder.glob("checkpoints.db*"):
            path.unlink()


def test_novels_that_are_written_at_once_keep_their_own() -> None:
    savers = [InMemorySaver(), InMemorySaver()]
    graphs = [build_write_graph(saver) for saver in savers]
    assert [graph.checkpointer for graph in graphs] == savers


async def test_the_step_in_flight_is_kept(serve: type[FakeServer], open_desk: OpenDesk) -> None:
    script = s.Script()
    script.on(s.prose, s.fail(400), after=1)
    desk = open_desk(serve(script=script))
    with pytest.raises(ModelError):
        await desk.write()  # dies in the second scene's draft
    async with open_checkpoints(desk.novel.folder, desk.novel.store) as saver:
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
    async with open_checkpoints(desk.novel.folder, desk.novel.store) as saver:
        graph = build_write_graph(saver)
        assert (await graph.aget_state(thread("main"))).next == ("narrate",)
        assert not (await graph.aget_state(thread("other"))).next
