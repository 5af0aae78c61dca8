from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from novelcraft.tools.books.card.card_page import HEIGHT, WIDTH, card_html
from novelcraft.tools.books.card.data_card import data_card, histogram
from tests.tools.books import cards

VOID = {"meta", "line"}


class Page(HTMLParser):
    """The tags that are opened and closed, and everything that points outside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pointers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"src", "href", "action", "data", "xlink:href", "xmlns"}
        self.pointers += [name for name, _ in attrs if name in names]
        self.pointers += [tag] if tag in {"script", "link", "iframe", "object", "use"} else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    html = card_html(cards.full())
    page = Page(html)
    assert page.open == []
    assert page.pointers == []
    assert not re.search(r"url\(|@import|https?:", html)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


@pytest.mark.parametrize("part", ["title", "drop", "notice", "model", "skipped", "tokenizer"])
def test_every_text_is_escaped(part: str) -> None:
    card = cards.full(title=cards.NASTY if part == "title" else "The Light")
    named = cards.manifest().tokenizer.model_copy(update={"name": cards.NASTY})
    nasty: dict[str, dict[str, object]] = {
        "drop": {"drops": (card.drops[0].model_copy(update={"example": cards.NASTY}),)},
        "notice": {"books": (card.books[0].model_copy(update={"notices": (cards.NASTY,)}),)},
        "model": {"models": (cards.NASTY,)},
        "skipped": {"skipped": (card.skipped[0].model_copy(update={"reason": cards.NASTY}),)},
        "tokenizer": {"tokenizer": named},
    }
    html = card_html(card.model_copy(update=nasty.get(part, {})))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7 * 7 }}" in html
    assert not re.search("[\x00\x1b]", html)
    assert Page(html).open == []


def test_the_page_shows_what_the_text_shows() -> None:
    html = card_html(cards.full())
    for shown in (
        "The Light",
        "5 of 6 scenes that are no chapter&#39;s remainder",
        "83.3 %",
        "where embeddings differ most",
        "Asked again.: 1",
        "2.50 to 1",
        "Trimmed: summary",
        "overlap50",
        "licence",
        "a/ch01-s02",
        "prep.split",
        "No chapters were found.",
    ):
        assert shown in html


def test_charts_stay_inside_their_frame_and_count_everything() -> None:
    html = card_html(cards.full())
    charts = [ElementTree.fromstring(found) for found in re.findall(r"(?s)<svg.*?</svg>", html)]
    assert len(charts) == 3
    for chart in charts:
        for bar in chart.iter("rect"):
            x, y = float(bar.get("x", "")), float(bar.get("y", ""))
            assert 0 <= x <= x + float(bar.get("width", "")) <= WIDTH
            assert 0 <= y <= y + float(bar.get("height", "")) <= HEIGHT + 0.01
    counts = [
        int((bar.findtext("title") or "").rpartition(": ")[2]) for bar in charts[0].iter("rect")
    ]
    assert sum(counts) == 7


def test_bars_outside_the_limits_look_different() -> None:
    chart = histogram([300, 2_500])
    html = card_html(cards.full().model_copy(update={"scene_tokens": chart}))
    assert re.search(r'class="out"[^>]*><title>200 to', html)
    assert re.search(r'class="in"[^>]*><title>2,400 to', html)


def test_the_page_of_an_empty_shelf() -> None:
    html = card_html(data_card([], cards.SETTINGS))
    assert Page(html).open == []
    assert "No rows were made yet." in html
