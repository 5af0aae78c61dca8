"""The estimate of memory beside published figures of other people's runs.

    python -m benchmarks.published_memory

Prints a row for each figure in `benchmarks.memory_points`: what was published, between what the
estimate says that it lies, and by how much it is off where it does not. Nothing is trained.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.memory_points import HELD_OUT, LATER, POINTS, Point

ALL = (*POINTS, *HELD_OUT, *LATER)


def table(points: Sequence[Point]) -> list[str]:
    """The lines of a table in Markdown."""
    lines = [
        "| base | tokens | weights | logits | published GB | estimate GB | | source |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for point in points:
        found, off = point.estimate(), point.off()
        lines.append(
            f"| {point.model} | {point.tokens:,} | {point.weights} | {point.logits} "
            f"| {point.published:.1f} | {found.least.peak:.1f}–{found.most.peak:.1f} "
            f"| {f'{off:+.0%}' if off else 'met'} | {point.source} |"
        )
    return lines


def summary(points: Sequence[Point]) -> str:
    """How many are met, and how far apart the two ends are."""
    off = sorted(abs(point.off()) for point in points)
    width = statistics.median(
        point.estimate().most.peak / point.estimate().least.peak for point in points
    )
    return (
        f"{off.count(0)} of {len(points)} figures lie in their range, and "
        f"{sum(each <= 0.05 for each in off)} within 5 % of it; the largest is {off[-1]:.0%} off. "
        f"In the median the upper end is {width:.2f} times the lower one."
    )


def main() -> None:
    print("\n".join(table(ALL)))
    print()
    print(summary(ALL))


if __name__ == "__main__":
    main()
