"""What the writing room costs: itself, its keys while prose comes, and the run that it watches.

    python -m benchmarks.tui [NOVEL]

NOVEL is the folder of a novel, best of 1,000 pages: it is opened in a process of its own, for the
time until its outline and last scene are on the screen, and for its memory before and after every
twentieth scene was read. Without one this is left out.

Then two runs of a book, against a fake server in another process that sends a token each half
millisecond, three times each and in turn: unwatched, and watched by a room in a process of its own
in which a key is pressed all the while. Printed are the ratio of their throughputs, and the time
from a key to the end of the screen's update that it leads to: by the clock, and what of it the room
itself computes. On a busy machine the clock's are those of whoever else computes there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from benchmarks.loop_cost import settings
from novelcraft.graphs.novel import Novel
from novelcraft.tui.app import NovelcraftApp, spare_imports
from novelcraft.tui.homes import FolderHome
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.shelf import FolderShelf
from novelcraft.tui.widgets.book_pages import BookPages
from tests.fakes import script as s
from tests.fakes.process import fake_process

EACH = 20
"""Scenes from one that is read to the next."""
PAGES = 12
TURNS = 3
CHUNK = 8
"""Tokens in one event of the fake server's streams."""
EVERY = 0.1
"""Seconds between two keys."""


def streaming() -> s.Script:
    """A server that sends 2,000 tokens a second."""
    script = s.Script()
    script.on(s.prose, s.pace(CHUNK / 2000))
    return script


def memory() -> float:
    """Megabytes at the peak so far, of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def room(novel: Path) -> NovelcraftApp:
    """The room as `novelcraft tui NOVEL` opens it."""
    spare_imports()
    return NovelcraftApp(FolderShelf(novel.parent), FolderHome(novel))


async def opened(pilot: Pilot[None]) -> NovelScreen:
    """The room, once its novel is on the screen."""
    while True:
        screen = pilot.app.screen
        if isinstance(screen, NovelScreen) and screen.chain and screen.prose.text:
            return screen
        await asyncio.sleep(0.005)


async def open_novel(novel: Path) -> dict[str, Any]:
    """Open a novel and read on in it."""
    empty = memory()
    begin, cpu = time.perf_counter(), time.process_time()
    app = room(novel)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        cpu = time.process_time() - cpu
        seconds = time.perf_counter() - begin
        first = memory()
        await pilot.press("2")
        pages = screen.query_one(BookPages)
        for number in range(1, len(screen.chain) + 1, EACH):
            pages.open(number, "")
            await pilot.pause()
        words = sum(commit.words for commit in screen.chain)
        return {
            "words": words,
            "seconds_to_open": seconds,
            "cpu_seconds_to_open": cpu,
            "memory_empty_mb": empty,
            "memory_open_mb": first,
            "memory_read_mb": memory(),
        }


async def watch(novel: Path) -> list[tuple[float, float]]:
    """Watch a run to its end.

    Returns:
        For each key the seconds to the end of the update that it leads to: by the clock, and
        what this process computed in them.
    """
    took: list[tuple[float, float]] = []
    app = room(novel)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, NovelScreen)
        (novel / "ready").touch()
        while not (novel / "done").exists():
            updated = asyncio.Event()
            begin, cpu = time.perf_counter(), time.process_time()
            app.simulate_key("k")
            screen.prose.call_after_refresh(updated.set)
            await updated.wait()
            took.append((time.perf_counter() - begin, time.process_time() - cpu))
            app.simulate_key("j")
            await asyncio.sleep(EVERY)
    return took


async def write(novel: Path) -> float:
    """Write a book; words a second of the time after its plan."""
    times: list[float] = []
    with Novel.open(novel) as book:
        finished = await book.write(
            on_event=lambda event: (
                times.append(time.monotonic()) if event.kind == "scene_started" else None
            )
        )
    assert finished is not None
    return finished.words / (time.monotonic() - times[0])


def run(base_url: str, *, watched: bool) -> tuple[float, list[tuple[float, float]]]:
    """Throughput of a run, and the times of keys in the room that watched it."""
    with tempfile.TemporaryDirectory() as place:
        novel = Path(place) / "novel"
        Novel.create(novel, settings(base_url, PAGES, "hash")).close()
        command = [sys.executable, "-m", "benchmarks.tui"]
        watcher = (
            subprocess.Popen([*command, "--watch", str(novel)], stdout=subprocess.PIPE, text=True)
            if watched
            else None
        )
        while watcher and not (novel / "ready").exists():
            time.sleep(0.05)
        words = asyncio.run(write(novel))
        (novel / "done").touch()
        told, _ = watcher.communicate() if watcher else ("[]", None)
        return words, json.loads(told)


def compare() -> None:
    """Runs with and without a watcher, in turn."""
    with fake_process("--context", "32768", "--script", "benchmarks.tui:streaming") as base_url:
        alone, beside, keys = [], [], list[tuple[float, float]]()
        for _ in range(TURNS):
            alone.append(run(base_url, watched=False)[0])
            speed, took = run(base_url, watched=True)
            beside.append(speed)
            keys += took
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"throughput watched / unwatched  {ratio:.3f}")
    print(f"words a second                  {statistics.median(alone):.0f} unwatched")
    for name, times in zip(("by the clock", "computing"), zip(*keys, strict=True), strict=True):
        ordered = sorted(times)
        median, most = statistics.median(ordered), ordered[int(0.95 * len(ordered))]
        print(f"key to update, {name:<17}{1000 * median:.1f} ms, 95 of 100 {1000 * most:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description="What the writing room costs.")
    parser.add_argument("novel", nargs="?", type=Path)
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--watch", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.open:
        print(json.dumps(asyncio.run(open_novel(given.open))))
    elif given.watch:
        print(json.dumps(asyncio.run(watch(given.watch))))
    else:
        if given.novel:
            command = [sys.executable, "-m", "benchmarks.tui", "--open", str(given.novel)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            for name, value in json.loads(done.stdout).items():
                print(f"{name:<32}{value:,.2f}")
        compare()


if __name__ == "__main__":
    main()
