"""Measure the checks on published novels: what fires on clean scenes, what misses seeded faults.

    python -m benchmarks.checks_on_books BOOK.epub [BOOK.epub ...] [--words 1500]

The first table counts, for each check, how often it fires per 1,000 clean pieces. A blocking
check that fires there at all is not fit to block. The second breaks each piece in every way
that `tests/tools/checks/seeded.py` knows, and gives recall (the check fires and quotes the
fault) by fault. The third gives precision by check over clean and broken pieces together.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.book_scenes import Piece, pieces
from novelcraft.tools.checks import CheckInput, check_scene
from novelcraft.tools.metrics import Prose, words
from tests.tools.checks.fitting import fitting
from tests.tools.checks.seeded import FAULTS, Fault, overlaps


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("books", nargs="+", type=Path)
    arguments.add_argument("--words", type=int, default=1500, help="words of a piece")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    scenes = [s for book in given.books for s in scenes_of(pieces(book, given.words))]
    fires = on_clean(scenes)
    on_seeded(scenes, fires, random.Random(given.seed))


def scenes_of(book: list[Piece]) -> list[CheckInput]:
    """The pieces of a book as drafts that follow each other, with plans that fit."""
    style = f"{person_of(book)} person, past tense"
    return [
        fitting(piece.text, [p.text for p in book[:number]], style)
        for number, piece in enumerate(book)
    ]


def person_of(book: list[Piece]) -> str:
    told = [w for p in book for n in Prose(p.text).narration for w in words(n)]
    return "first" if told.count("i") > 0.01 * len(told) else "third"


def on_clean(scenes: list[CheckInput]) -> Counter[tuple[str, str]]:
    """Print what fires on clean scenes; how often each check did."""
    fires: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    for scene in scenes:
        start = time.process_time()
        found = check_scene(scene)
        slowest = max(slowest, time.process_time() - start)
        for finding in found:
            fires[finding.check, finding.severity] += 1
            print(f"  {finding.check} on {finding.evidence[0]!r}")
    print(f"\n{len(scenes)} clean pieces; at most {slowest * 1000:.0f} ms of CPU\n")
    print(f"{'check':20} {'severity':8} per 1,000")
    for (check, severity), count in sorted(fires.items()):
        print(f"{check:20} {severity:8} {1000 * count / len(scenes):9.1f}")
    return fires


def on_seeded(
    scenes: list[CheckInput], fires: Counter[tuple[str, str]], rng: random.Random
) -> None:
    """Print recall by fault, and precision by check with the clean scenes' fires as false."""
    right: Counter[str] = Counter()
    wrong = Counter({check: n for (check, _), n in fires.items()})
    seeded: defaultdict[str, int] = defaultdict(int)
    print(f"\n{'fault':24} {'check':18} {'seeded':>6} recall")
    for fault in FAULTS:
        hits = tried = 0
        for scene in scenes:
            hit, others = seed_one(fault, scene, rng)
            if hit is None:
                continue
            tried += 1
            hits += hit
            wrong.update(others)
        right[fault.check] += hits
        seeded[fault.check] += tried
        print(f"{fault.name:24} {fault.check:18} {tried:6} {hits / max(1, tried):6.3f}")
    print(f"\n{'check':20} {'seeded':>6} recall precision")
    for check, tried in seeded.items():
        precision = right[check] / max(1, right[check] + wrong[check])
        print(f"{check:20} {tried:6} {right[check] / max(1, tried):6.3f} {precision:9.4f}")


def seed_one(fault: Fault, scene: CheckInput, rng: random.Random) -> tuple[bool | None, list[str]]:
    """Whether the fault was found and quoted (None: no place for it), and what else it set off."""
    seeded = fault.seed(scene, rng)
    if seeded is None:
        return None, []
    broken, planted = seeded
    found = check_scene(broken)
    hit = any(f.check == fault.check and overlaps(f.evidence, planted) for f in found)
    allowed = {fault.check, *fault.also, *(f.check for f in check_scene(scene))}
    return hit, [f.check for f in found if f.check not in allowed]


if __name__ == "__main__":
    main()
