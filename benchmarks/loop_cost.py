"""What the program itself costs, and how that grows with the book.

    python -m benchmarks.loop_cost [PAGES ...] [--embedding hash|minilm]

Writes a book of each length (10, 100 and 1,000 pages unless others are named), each in a process
of its own, against the fake server in another process. That server answers at once, so what is
left is our own work: prompts, checks, the store, the index, checkpoints. For each book it prints

* scenes and words, the time of the run, and the CPU seconds of our process alone;
* "own time": milliseconds a scene in which no model call was in flight, which is what a scene
  takes longer than its model does. It and the CPU time a scene are taken from the first commit to
  the last: what a run does once, loading and planning before and the book's files after, has a row
  of its own;
* the median of seconds between two commits, early and late in the book;
* the size of `novel.db` and of `checkpoints.db`, the rows of the latter, and the peak of memory;

and how each grew from one length to the next. The ratios are what to watch; the seconds are this
machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from novelcraft.config.root import Settings
from novelcraft.graphs.novel import Novel
from novelcraft.state.calls import CallRecord
from novelcraft.state.events import WriteEvent
from tests.fakes.process import fake_process

LENGTHS = (10, 100, 1_000)
STRETCH = 20
"""Scenes of the early and the late stretch."""

ROWS = (
    ("pages", "{:,}"),
    ("scenes", "{:,}"),
    ("words", "{:,}"),
    ("seconds", "{:.1f}"),
    ("cpu_seconds", "{:.1f}"),
    ("cpu_per_1000_words", "{:.2f}"),
    ("cpu_ms_per_scene", "{:.0f}"),
    ("own_ms_per_scene", "{:.0f}"),
    ("own_seconds_once", "{:.1f}"),
    ("early_seconds_per_scene", "{:.3f}"),
    ("late_seconds_per_scene", "{:.3f}"),
    ("novel_db_mb", "{:.2f}"),
    ("checkpoints_mb", "{:.2f}"),
    ("checkpoint_rows", "{:,}"),
    ("peak_memory_mb", "{:.0f}"),
)


def settings(base_url: str, pages: int, embedding: str) -> Settings:
    role = {"model": "openai:fake-model", "base_url": base_url}
    return Settings.model_validate(
        {
            "novel": {
                "premise": "A lighthouse keeper finds that the sea answers letters",
                "pages": pages,
            },
            "write": {"preset": "small", "embedding": embedding},
            "roles": {"reasoning": role, "narrator": role, "cheap": role},
        }
    )


async def write_book(folder: Path, chosen: Settings) -> dict[str, Any]:
    """Write a book, and measure this process while it does."""
    committed: list[float] = []
    used: list[float] = []

    def note(event: WriteEvent) -> None:
        if event.kind == "scene_committed":
            committed.append(time.time())
            used.append(time.process_time())

    start, cpu = time.time(), time.process_time()
    with Novel.create(folder, chosen) as novel:
        finished = await novel.write(on_event=note)
        seconds, cpu = time.time() - start, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        assert finished is not None, "the run ends with its book"
        calls = novel.store.calls()
    own = committed[-1] - committed[0] - in_flight(calls, committed[0], committed[-1])
    once = seconds - in_flight(calls, start, start + seconds) - own
    gaps = [later - earlier for earlier, later in pairwise(committed)]
    scenes, words = finished.scenes, finished.words
    return {
        "pages": chosen.novel.pages,
        "scenes": scenes,
        "words": words,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "cpu_per_1000_words": 1_000 * cpu / words,
        "cpu_ms_per_scene": 1_000 * (used[-1] - used[0]) / (scenes - 1),
        "own_ms_per_scene": 1_000 * own / (scenes - 1),
        "own_seconds_once": once,
        "early_seconds_per_scene": statistics.median(gaps[:STRETCH]),
        "late_seconds_per_scene": statistics.median(gaps[-STRETCH:]),
        "novel_db_mb": size(folder / "novel.db"),
        "checkpoints_mb": size(folder / "checkpoints.db"),
        "checkpoint_rows": rows(folder / "checkpoints.db"),
        "peak_memory_mb": peak,
    }


def in_flight(calls: Iterable[CallRecord], since: float, until: float) -> float:
    """Seconds of a stretch, in seconds of the epoch, during which a call was under way."""
    total, seen = 0.0, since
    ends = [(datetime.fromisoformat(call.at).timestamp(), call.seconds) for call in calls]
    for begin, end in sorted((end - seconds, min(end, until)) for end, seconds in ends):
        total += max(0.0, end - max(begin, seen))
        seen = max(seen, end)
    return total


def size(path: Path) -> float:
    """Megabytes of a database, its log included."""
    return sum(p.stat().st_size for p in path.parent.glob(f"{path.name}*")) / 1e6


def rows(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        tables = ("checkpoints", "writes")
        return sum(connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables)


def measured(pages: int, embedding: str) -> dict[str, Any]:
    """The figures of a book, written in a process of its own against a server of its own."""
    with fake_process("--context", "32768") as base_url:
        command = [sys.executable, "-m", "benchmarks.loop_cost", str(pages)]
        command += ["--embedding", embedding, "--on", base_url]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(books: list[dict[str, Any]]) -> str:
    lines = []
    for name, form in ROWS:
        cells = [form.format(book[name]) for book in books]
        grown = [f"× {b[name] / a[name]:.2f}" if a[name] else "-" for a, b in pairwise(books)]
        lines.append(f"{name:<24}" + "".join(f"{cell:>12}" for cell in (*cells, *grown)))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the program itself costs.")
    parser.add_argument("pages", type=int, nargs="*", default=LENGTHS)
    parser.add_argument("--embedding", choices=("hash", "minilm"), default="hash")
    parser.add_argument("--on", metavar="URL", help="measure one book here, on that server")
    given = parser.parse_args()
    if given.on:
        gc.set_threshold(50_000, 10, 10)  # as `novelcraft write` runs
        with tempfile.TemporaryDirectory() as folder:
            chosen = settings(given.on, given.pages[0], given.embedding)
            print(json.dumps(asyncio.run(write_book(Path(folder) / "novel", chosen))))
        return
    print(table([measured(pages, given.embedding) for pages in given.pages]))


if __name__ == "__main__":
    main()
