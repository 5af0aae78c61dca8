"""What the release gate finds of near copies, and how often it cries over honest prose.

    python -m benchmarks.near_copies BOOK.epub ...

Cuts each novel into scenes of about 1,500 words and measures what they have in common with the
other novels and with the rest of their own: nothing of it is a copy. Then copies every eighth
scene in the ways of `tests/tools/metrics/near_copies.py` and measures those against their novel.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.book_scenes import pieces
from novelcraft.state.memory import GeneratedText, MemoryLimits, MemoryReport
from novelcraft.tools.metrics.memory import TrainingText, memory_report
from tests.tools.metrics.near_copies import ATTACKS

WORDS = 1_500
"""Words of a scene, at least."""
EVERY = 8
"""One scene in so many is held out, and copied."""


def measured(texts: list[str], *sources: str) -> MemoryReport:
    return memory_report(
        [GeneratedText(name=f"{n}", text=text) for n, text in enumerate(texts)],
        [TrainingText(f"{n}", source) for n, source in enumerate(sources)],
    )


def caught(report: MemoryReport) -> bool:
    limits = MemoryLimits()
    longest = max((run.length for run in report.runs), default=0)
    return (
        longest >= limits.run_words
        or report.run_share > limits.run_share
        or (report.alike_share or 0) > limits.alike_share
    )


def row(name: str, reports: list[MemoryReport]) -> str:
    words = sum(r.words for r in reports)
    runs = sum(r.run_share * r.words for r in reports) / words
    alike = sum((r.alike_share or 0) * r.words for r in reports) / words
    longest = max((run.length for r in reports for run in r.runs), default=0)
    found = sum(map(caught, reports))
    return f"| {name} | {found} of {len(reports)} | {longest} | {runs:.2%} | {alike:.2%} |"


def rows(cut: dict[str, list[str]]) -> Iterator[str]:
    held = {name: pieces[::EVERY] for name, pieces in cut.items()}
    rest = {
        name: "\n\n".join(piece for n, piece in enumerate(pieces) if n % EVERY)
        for name, pieces in cut.items()
    }
    yield row(
        "scenes of one novel against another",
        [measured(cut[a], "\n\n".join(cut[b])) for a in cut for b in cut if a != b],
    )
    yield row("held-out scenes against the rest", [measured(held[a], rest[a]) for a in cut])
    for name, attack in ATTACKS.items():
        yield row(
            name,
            [measured([attack(piece)], "\n\n".join(cut[a])) for a in cut for piece in held[a]],
        )


def main() -> None:
    cut = {name: [piece.text for piece in pieces(Path(name), WORDS)] for name in sys.argv[1:]}
    print("| texts | caught | longest run | in runs of 8 | in alike passages |")
    print("|---|---|---|---|---|")
    for line in rows(cut):
        print(line, flush=True)


if __name__ == "__main__":
    main()
