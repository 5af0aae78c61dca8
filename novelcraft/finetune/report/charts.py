"""Where the marks of the report's charts stand. A page draws them; here they are only reckoned.

Lengths are in the units of the drawing, `WIDTH` of which make its width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from novelcraft.finetune.report.wording import STYLE_PARTS, figure
from novelcraft.finetune.training.metrics import Curve
from novelcraft.state.evaluation import ChapterPerplexity, PerplexityReport, StyleReport, StyleSide

WIDTH = 640
LEFT, RIGHT = 200, 570
"""Between them lies the scale of a chart with rows; to the left are the labels."""
_LABEL = 27
"""Characters that fit to the left."""
ROW, LINE = 44, 22
"""Height of a row of bars, and of dots."""
CURVE_LEFT, CURVE_HEIGHT = 44, 220
MOST_ROWS = 60
"""Chapters that are drawn; a list of more is cut."""
_POINTS = 300
"""Points of a curve, above which neighbours are drawn as their mean."""
_LOG_FROM = 1_000.0
"""A perplexity from which on the scale is logarithmic."""


@dataclass(frozen=True)
class Mark:
    """A value and its place on the scale."""

    at: float
    value: float
    said: str


@dataclass(frozen=True)
class Tick:
    """A place on an axis with its number."""

    at: float
    said: str


@dataclass(frozen=True)
class Row:
    """A line of a chart: what it is of, and up to three values."""

    label: str
    y: float
    base: Mark | None
    tuned: Mark | None
    books: Mark | None = None

    @property
    def short(self) -> str:
        """The label as far as there is room; of a chapter, its number stays."""
        book, _, number = self.label.rpartition("/")
        number = number[:_LABEL]
        whole = len(self.label) <= _LABEL
        return self.label if whole else f"{book[: _LABEL - len(number) - 2]}…/{number}"


@dataclass(frozen=True)
class Rows:
    """A chart with rows, one below the other."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    height: float
    hidden: int = 0
    """Rows that are not drawn."""


@dataclass(frozen=True)
class CurveChart:
    """Losses over steps."""

    training: str
    """Points of a polyline."""
    validation: str
    dots: tuple[Mark, ...]
    """The validations, `at` along; `heights` has how far down."""
    heights: tuple[float, ...]
    best: int
    """The step of the best validation; 0 without one."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def style_chart(style: StyleReport) -> Rows | None:
    """The style scores, overall and by part; None where neither side has one."""
    if style.base.score is None and style.tuned.score is None:
        return None
    sides = (style.base, style.tuned, style.books)
    rows = [_style_row("Overall", 0, [_overall(side) for side in sides])]
    for number, (part, label) in enumerate(STYLE_PARTS.items(), start=1):
        values = [side.score.parts[part].score if side.score else None for side in sides]
        rows.append(_style_row(label, number, values))
    ticks = tuple(Tick(_along(value / 100), str(value)) for value in (0, 25, 50, 75, 100))
    return Rows(tuple(rows), ticks, ROW * len(rows))


def chapter_chart(chapters: Sequence[ChapterPerplexity]) -> Rows:
    """The perplexities of validation chapters, in the order of the report."""
    pairs = [(one.chapter, one.base, one.tuned) for one in chapters[:MOST_ROWS]]
    return _dots(pairs, len(chapters) - len(pairs))


def gap_chart(report: PerplexityReport) -> Rows:
    """The perplexities of what was learnt from and of what was not."""
    return _dots(
        [
            ("Pages it learnt from", report.training_base, report.training_tuned),
            ("Chapters kept from it", report.base, report.tuned),
        ]
    )


def curve_chart(curve: Curve) -> CurveChart | None:
    """The losses of a run; None where there are no two steps."""
    steps = [(one.step, one.loss) for one in curve.steps if math.isfinite(one.loss)]
    held = [(one.step, one.loss) for one in curve.validations if math.isfinite(one.loss)]
    if len(steps) < 2:
        return None
    points = _thinned(steps)
    losses = [loss for _, loss in (*points, *held)]
    low, high = min(losses), max(losses)
    room = (high - low or 1.0) * 0.06
    across = _scale(steps[0][0], max(steps[-1][0], *(s for s, _ in held), 0), CURVE_LEFT, WIDTH - 8)
    down = _scale(low - room, high + room, CURVE_HEIGHT, 0)
    best = min(held, key=lambda one: one[1])[0] if held else 0
    return CurveChart(
        training=_line(points, across, down),
        validation=_line(held, across, down),
        dots=tuple(Mark(across(step), loss, f"step {step:,}: {loss:.3f}") for step, loss in held),
        heights=tuple(down(loss) for _, loss in held),
        best=best,
        x_ticks=tuple(Tick(across(n), f"{n:,}") for n in _round_between(steps[0][0], steps[-1][0])),
        y_ticks=tuple(Tick(down(value), f"{value:.2f}") for value in (low, (low + high) / 2, high)),
    )


def _overall(side: StyleSide) -> float | None:
    return side.score.overall.score if side.score else None


def _style_row(label: str, number: int, values: Sequence[float | None]) -> Row:
    marks = [
        Mark(_along(value / 100), value, f"{value:.0f}") if value is not None else None
        for value in values
    ]
    return Row(label, number * ROW, *marks)


def _dots(pairs: Sequence[tuple[str, float, float]], hidden: int = 0) -> Rows:
    values = [value for _, base, tuned in pairs for value in (base, tuned)]
    place, marks = _perplexities(max(values, default=1.0))
    rows = tuple(
        Row(
            label,
            number * LINE,
            Mark(place(base), base, figure(base)),
            Mark(place(tuned), tuned, figure(tuned)),
        )
        for number, (label, base, tuned) in enumerate(pairs)
    )
    ticks = tuple(Tick(place(value), figure(value, 0)) for value in marks)
    return Rows(rows, ticks, LINE * len(rows), hidden)


def _perplexities(top: float) -> tuple[Callable[[float], float], list[float]]:
    """A scale from 0, or from 1 and logarithmic for large numbers, and round numbers on it."""
    if top <= _LOG_FROM:
        return _scale(0.0, top, LEFT, RIGHT), [float(value) for value in _round_between(0, top)]
    decades = math.floor(math.log10(top))
    along = _scale(0.0, math.log10(top), LEFT, RIGHT)
    marks = [10.0**n for n in range(0, decades + 1, max(1, decades // 4))]
    return lambda value: along(math.log10(max(1.0, value))), marks


def _along(share: float) -> float:
    return round(LEFT + share * (RIGHT - LEFT), 2)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    size = (high - low) or 1.0
    return lambda value: round(start + (value - low) / size * (end - start), 2)


def _line(
    points: Sequence[tuple[int, float]],
    across: Callable[[float], float],
    down: Callable[[float], float],
) -> str:
    return " ".join(f"{across(step)},{down(loss)}" for step, loss in points)


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most `_POINTS` points, each the mean of its neighbours."""
    size = math.ceil(len(points) / _POINTS)
    if size == 1:
        return list(points)
    cuts = [*range(0, len(points), size), len(points)]
    parts = [points[a:b] for a, b in pairwise(cuts)]
    return [(part[-1][0], sum(loss for _, loss in part) / len(part)) for part in parts]


def _round_between(low: float, high: float) -> Iterator[int]:
    """Some four round numbers of a range, its lowest one among them where it is round."""
    rough = max((high - low) / 5, 1e-9)
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(1, round(next(m * power for m in (1, 2, 5, 10) if m * power >= rough)))
    value = math.ceil(low / step) * step
    while value <= high:
        yield value
        value += step
