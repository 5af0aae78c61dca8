"""Readers of a run, in its process and in others."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from novelcraft.graphs.follow import follow, follow_run
from novelcraft.state.prep import PREP_EVENTS, PrepStarted, StageDone
from novelcraft.tools.canon.journal import Entry
from novelcraft.tools.storage.feed import FeedWriter, recording
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk
from tests.graphs.watcher import Watcher

Watch = Callable[..., Watcher]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Starts watchers; kills them at the test's end."""
    with ExitStack() as stack:

        def start(folder: Path, after: int = 0) -> Watcher:
            watcher = Watcher(folder, after)
            stack.callback(watcher.kill)
            return watcher

        yield start


async def until(done: Callable[[], object]) -> None:
    while not done():  # noqa: ASYNC110 (what it waits for is elsewhere)
        await asyncio.sleep(0.01)


def logged(desk: Desk) -> list[dict[str, Any]]:
    return [
        {"number": entry.number, **json.loads(entry.event.model_dump_json())}
        for entry in desk.novel.store.events()
    ]


async def test_one_that_waits_for_the_novel_hears_all_its_runs_once_and_in_order(
    fake_server: FakeServer, open_desk: OpenDesk, tmp_path: Path
) -> None:
    heard: list[Entry] = []

    async def listen() -> None:
        async for entry in follow(tmp_path / "novel"):
            heard.append(entry)  # noqa: PERF401 (it has no end)

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    desk = open_desk(fake_server)
    await desk.write(until=1)
    await desk.write(until=2)
    await desk.write()
    await until(lambda: heard and heard[-1].event.kind == "run_finished")
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    kept = [entry for entry in heard if entry.at]
    assert kept == desk.novel.store.events()
    assert [e.event.kind for e in kept].count("run_started") == 3


async def test_one_that_comes_in_the_middle_of_a_draft_hears_it_from_its_beginning(
    serve: type[FakeServer], open_desk: OpenDesk, watch: Watch
) -> None:
    script, go_on = s.Script(), threading.Event()
    hold, slow = s.hold(go_on, after=60), s.pace(0.01)
    script.on(s.prose, lambda r, plain: hold(r, slow(r, plain)), after=1, count=1)
    desk = open_desk(serve(script=script))
    folder = desk.novel.folder
    writing = asyncio.create_task(desk.write(until=3))
    await until(
        lambda: (
            writing.done()
            or any(e.scene_id == "s002" and e.words > 20 for e in desk.of("drafting"))
        )
    )
    assert not writing.done()
    whole, late = watch(folder), watch(folder, desk.novel.store.events()[-1].number)
    for reader in (whole, late):
        await reader.until(lambda w: len(w.draft("s002").split()) > 20)
    go_on.set()
    await writing
    for reader in (whole, late):
        await reader.until(lambda w: w.of("run_stopped"))
    second = desk.chain()[1]
    assert whole.draft("s002") == late.draft("s002") == second.prose
    assert whole.of("drafting")[0]["at"] == 0
    assert whole.logged == logged(desk)
    assert late.logged == logged(desk)[-len(late.logged) :]
    _in_their_places(whole)


async def test_a_reader_that_is_killed_is_nothing_to_the_run_nor_to_another_reader(
    serve: type[FakeServer], open_desk: OpenDesk, watch: Watch
) -> None:
    script, go_on = s.Script(), threading.Event()
    script.on(s.prose, s.hold(go_on, after=20), count=1)
    desk = open_desk(serve(script=script))
    doomed, other = watch(desk.novel.folder), watch(desk.novel.folder)
    writing = asyncio.create_task(desk.write(until=2))
    for reader in (doomed, other):
        await reader.until(lambda w: w.of("drafting"))
    doomed.kill()
    go_on.set()
    await writing
    await other.until(lambda w: w.of("run_stopped"))
    assert other.logged == logged(desk)
    assert [other.draft(c.scene_id) for c in desk.chain()] == [c.prose for c in desk.chain()]


def _in_their_places(watcher: Watcher) -> None:
    """Growth of a draft comes after its start, and before it is checked."""
    drawing = ""
    for event in watcher.heard:
        if event["kind"] == "scene_started":
            drawing = event["scene_id"]
        elif event["kind"] == "draft_checked":
            drawing = ""
        elif event["kind"] == "drafting":
            assert event["scene_id"] == drawing


async def test_a_feed_that_cannot_be_written_does_not_harm_the_run(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    (desk.novel.folder / "feed.jsonl").mkdir()
    assert await desk.write(until=2) is None
    assert len(desk.chain()) == 2


async def test_a_run_of_preparation_is_followed_from_its_start(tmp_path: Path) -> None:
    heard = []

    async def listen() -> None:
        async for event, at in follow_run(tmp_path, PREP_EVENTS):
            heard.append((event.kind, at))
            if len(heard) == 2:
                return

    times = iter((5.0, 7.5))
    with FeedWriter(tmp_path) as feed:
        emit = recording(feed, PREP_EVENTS, lambda _event: None, lambda: next(times))
        feed.append('{"kind": "of another version"}\n')
        emit(PrepStarted(books=1, until="clean"))
        listening = asyncio.create_task(listen())
        await asyncio.sleep(0.1)
        emit(StageDone(book_id="a", stage="clean", fresh=False))
        await asyncio.wait_for(listening, 60)
    assert heard == [("prep_started", 5.0), ("stage_done", 7.5)]


def test_following_loads_nothing_heavy() -> None:
    heavy = "langgraph", "chromadb", "onnxruntime", "torch", "openai"
    code = f"import sys, novelcraft.graphs.follow; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
