"""What the loop itself costs a scene, early and late in a long book.

    python -m benchmarks.loop_cost [SCENES]

A scripted server answers at once, so what is left is our own work: prompts, checks, the store,
the index, checkpoints. Prints seconds a scene for an early and a late stretch and their ratio;
the ratio is what to watch, the seconds are this machine's.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.graphs.novel import Novel
from novelcraft.state.events import WriteEvent
from tests.fakes.server import FakeServer

WORDS = 300
STRETCH = 20


def settings(server: FakeServer, scenes: int) -> Settings:
    role = {"model": "openai:fake-model", "base_url": server.base_url}
    return Settings.model_validate(
        {
            "novel": {
                "premise": "A lighthouse keeper finds that the sea answers letters",
                "pages": scenes,
                "words_per_page": WORDS,
            },
            "write": {"preset": "small", "scene_words": WORDS, "embedding": "hash"},
            "roles": {"reasoning": role, "narrator": role, "cheap": role},
        }
    )


async def seconds_a_scene(folder: Path, scenes: int) -> list[float]:
    """Wall time between commits, in order."""
    at: list[float] = []

    def note(event: WriteEvent) -> None:
        if event.kind == "scene_committed":
            at.append(time.monotonic())

    with (
        FakeServer(context=32_768) as server,
        Novel.create(folder, settings(server, scenes)) as novel,
    ):
        await novel.write(on_event=note, until=scenes)
    return [later - earlier for earlier, later in pairwise(at)]


def main() -> None:
    scenes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(seconds_a_scene(Path(folder) / "novel", scenes))
    early = statistics.median(taken[:STRETCH])
    late = statistics.median(taken[-STRETCH:])
    print(f"scenes {len(taken) + 1}, of {WORDS} words")
    print(f"first {STRETCH}: {early:.3f} s a scene (median)")
    print(f"last {STRETCH}:  {late:.3f} s a scene (median)")
    print(f"late / early:   {late / early:.2f}")


if __name__ == "__main__":
    main()
