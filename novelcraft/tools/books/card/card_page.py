"""The data card as one HTML file that needs nothing else, in light and dark, and for print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from novelcraft.state.card import DataCard, Histogram
from novelcraft.tools.books.card.card_text import BEGUN_BY, tokenizer_line, within_line
from novelcraft.tools.export.page import page_template
from novelcraft.tools.text import clean

WIDTH, HEIGHT = 640, 150
"""Of a chart's bars, in its own units."""
_GAP = 3


@dataclass(frozen=True)
class Bar:
    """A bar of a chart."""

    x: float
    y: float
    width: float
    height: float
    low: int
    """The lowest value it counts."""
    high: int
    """The highest one."""
    count: int


def card_html(card: DataCard) -> str:
    """The card as an HTML page: no script, nothing fetched, every text escaped."""
    page = page_template("novelcraft.tools.books.card", "card.html").render(
        card=card,
        bars=lambda chart: list(_bars(chart)),
        width=WIDTH,
        height=HEIGHT,
        begun_by=BEGUN_BY,
        tokenizer=tokenizer_line(card),
        within=within_line(card),
    )
    return clean(page)


def _bars(chart: Histogram) -> Iterator[Bar]:
    each = WIDTH / max(1, len(chart.counts))
    highest = max(chart.counts, default=0)
    for number, count in enumerate(chart.counts):
        height = max(count / highest * HEIGHT, 1.5) if count else 0.0
        low = chart.start + number * chart.step
        yield Bar(
            x=round(number * each + _GAP / 2, 2),
            y=round(HEIGHT - height, 2),
            width=round(max(each - _GAP, 1), 2),
            height=round(height, 2),
            low=low,
            high=low + chart.step - 1,
            count=count,
        )
