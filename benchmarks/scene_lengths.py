"""What a scene's length costs: time a word must not grow with it.

    python -m benchmarks.scene_lengths [WORDS ...]

For scenes of 300 to 12,000 words, the CPU seconds of what reads a draft: `reading`, from a
stream's pieces (two a word, as many servers send them) to the narrator's length rule and the
events of its growth; `thinking`, the same with as many words of thinking before it; `checks`, all
checks of a scene with ten like it before; `one word`, all checks of a text of as many letters
without a blank. Each is the quickest of three. The last row is how a word's cost at the longest
compares with one at the shortest: about 1 is linear, 40 would be a square.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable

from novelcraft.config.presets import STANDARD
from novelcraft.graphs.drafting import DraftStream
from novelcraft.state.manuscript import count_words
from novelcraft.tools.checks import check_scene
from novelcraft.tools.metrics.draft_length import GrowingDraft, LengthRule
from novelcraft.tools.models.client import Piece
from novelcraft.tools.models.streaming import read_reply
from novelcraft.tools.models.thinking import ThinkFilter
from tests.fakes.prose import Novelist
from tests.tools.checks.fitting import fitting

LENGTHS = (300, 600, 1_200, 3_000, 6_000, 12_000)
EARLIER = 10
TRIES = 3


def seconds(work: Callable[[], object]) -> float:
    def once() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(once() for _ in range(TRIES))


def read(prose: str, thinking: str = "") -> None:
    """A draft as it streams in, read as the narrator's node does."""
    whole = f"<think>{thinking}</think>{prose}" if thinking else prose
    draft = GrowingDraft(LengthRule.of(STANDARD, count_words(prose)))
    clock = iter(range(1_000_000))
    stream = DraftStream(lambda _: None, "s001", 1_000, lambda: next(clock) * 0.02)

    async def pieces() -> AsyncIterator[Piece]:
        for at in range(0, len(whole), 3):
            yield Piece(content=whole[at : at + 3])
        yield Piece(finish_reason="stop")

    def on_text(text: str) -> bool:
        stream.grow(text)
        return draft.read(text) is None

    asyncio.run(read_reply(pieces(), ThinkFilter(), on_text))


def row(length: int) -> tuple[float, ...]:
    prose, thinking = (Novelist(seed, ["Elias"]).write(length) for seed in ("a", "b"))
    earlier = [Novelist(str(n), ["Elias"]).write(length) for n in range(EARLIER)]
    run_on = "Ha" + "ha" * (len(prose) // 2)
    return (
        seconds(lambda: read(prose)),
        seconds(lambda: read(prose, thinking)),
        seconds(lambda: check_scene(fitting(prose, earlier, name="Elias"))),
        seconds(lambda: check_scene(fitting(run_on, earlier, name="Elias"))),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="What a scene's length costs.")
    parser.add_argument("words", type=int, nargs="*", default=LENGTHS)
    lengths: list[int] = parser.parse_args().words
    print(f"{'words':>8}{'reading':>12}{'thinking':>12}{'checks':>12}{'one word':>12}")
    found = {length: row(length) for length in lengths}
    for length, figures in found.items():
        print(f"{length:>8,}" + "".join(f"{figure:>10.3f} s" for figure in figures))
    first, last = min(lengths), max(lengths)
    grown = zip(found[last], found[first], strict=True)
    print(f"{'a word':>8}" + "".join(f"{b / last * first / a:>10.2f} ×" for b, a in grown))


if __name__ == "__main__":
    main()
