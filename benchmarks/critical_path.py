"""How many model calls a scene waits for, one after the other.

    python -m benchmarks.critical_path [--pages 100]

Writes a book against the fake server, whose every answer takes a while, so that what waits for
what can be seen in the log of calls: once with clean narrations, and once with one in ten that
loops and is drawn again. Its summaries name whom they must, as one that does not is asked for once
more. Counts the most calls of the log of which each began when the one before had ended, from the
first scene to the last: those of scenes, which narrate and read them, and those of the plan, which
is revised between chapters. What is called beside others makes nothing wait.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from benchmarks.loop_cost import settings
from novelcraft.graphs.novel import Novel
from novelcraft.state.calls import CallRecord
from novelcraft.state.events import WriteEvent
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.process import fake_process

ANSWER_SECONDS = 1.0
SLACK_SECONDS = 0.01
"""By which a call may seem to begin before the one that it waited for had ended."""

_KEPT = re.compile(r'Keep these names:\n"""\n(.+)\n"""')


def clean() -> s.Script:
    made = s.Script()
    made.on(s.anything, _slowly)
    return made


def with_loops() -> s.Script:
    """One narration in ten loops, always the same ones."""
    made = s.Script()
    made.on(s.anything, lambda request, plain: _slowly(request, _some_loop(request, plain)))
    return made


def _slowly(request: ChatRequest, plain: Answer) -> Answer:
    kept = _KEPT.search(request.user)
    text = json.dumps({"summary": f"There are {kept[1]}."}) if kept else plain.text
    return replace(plain, text=text, delay=ANSWER_SECONDS)


def _some_loop(request: ChatRequest, plain: Answer) -> Answer:
    if s.prose(request) and int(request.key, 16) % 10 == 0:
        return s.loop()(request, plain)
    return plain


def in_series(calls: Iterable[CallRecord]) -> list[CallRecord]:
    """The most calls of which each began when the one before had ended."""
    chosen: list[CallRecord] = []
    free_at = 0.0
    for call in sorted(calls, key=_ended):
        if _ended(call) - call.seconds >= free_at - SLACK_SECONDS:
            chosen.append(call)
            free_at = _ended(call)
    return chosen


def _ended(call: CallRecord) -> float:
    return datetime.fromisoformat(call.at).timestamp()


async def written(folder: Path, base_url: str, pages: int) -> tuple[list[CallRecord], list[float]]:
    """A book's calls, and when its scenes were committed, in seconds of the epoch."""
    committed: list[float] = []

    def note(event: WriteEvent) -> None:
        if event.kind == "scene_committed":
            committed.append(time.time())

    with Novel.create(folder, settings(base_url, pages, "hash")) as novel:
        await novel.write(on_event=note)
        return novel.store.calls(), committed


def row(name: str, base_url: str, pages: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        calls, committed = asyncio.run(written(Path(folder) / "novel", base_url, pages))
    first, last = committed[0], committed[-1]
    waited = [call.purpose for call in in_series(calls) if first < _ended(call) < last]
    scenes = len(committed) - 1
    drafts = sum(call.purpose == "scene.narrate" for call in calls)
    of_scenes = sum(purpose.startswith("scene.") for purpose in waited)
    cells = [name, f"{drafts} for {len(committed)} scenes", f"{of_scenes / scenes:.2f}"]
    cells += [f"{len(waited) - of_scenes}", f"{len(waited) / scenes:.2f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="How many model calls a scene waits for.")
    parser.add_argument("--pages", type=int, default=100)
    pages = parser.parse_args().pages
    print("| narrations | drafts | of a scene | of the plan, in all | a scene, all of them |")
    print("|---|---|---|---|---|")
    for name, script in (("clean", "clean"), ("one in ten loops", "with_loops")):
        with fake_process(
            "--context", "32768", "--script", f"benchmarks.critical_path:{script}"
        ) as url:
            print(row(name, url, pages), flush=True)


if __name__ == "__main__":
    main()
