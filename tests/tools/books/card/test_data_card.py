from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.state.card import DataCard
from novelcraft.tools.books.card.data_card import data_card, histogram
from tests.tools.books import cards


@pytest.fixture(scope="module")
def card() -> DataCard:
    return cards.full()


def test_books(card: DataCard) -> None:
    light, copy = card.books
    assert (light.title, light.chapters, light.scenes) == ("The Light", 2, 5)
    assert (light.rows, light.row_tokens) == (2, 7_700)
    assert (copy.rows, copy.row_tokens) == (1, 3_500)
    assert light.notices == ("No chapters were found.",)
    assert card.words == 7 * 300


def test_scenes_within_their_limits(card: DataCard) -> None:
    scenes = card.scenes
    assert (scenes.total, scenes.remainders, scenes.whole) == (7, 1, 6)
    assert scenes.within == 5  # all but the one of 1,900 tokens
    assert scenes.within_share == pytest.approx(5 / 6)
    assert scenes.above == 0
    assert scenes.without_summary == 2
    assert (scenes.facts, scenes.without_facts) == (1, 6)
    assert scenes.repaired == (("Asked again.", 1),)


def test_who_cut_the_scenes_that_begin_inside_a_chapter(card: DataCard) -> None:
    assert card.scenes.begun_by == {"model": 1, "embedding": 1, "mark": 1, "length": 1}
    assert card.scenes.fallback_share == 0.5


def test_rows(card: DataCard) -> None:
    rows = card.rows
    assert (rows.total, rows.above, rows.trimmed) == (3, 1, 1)
    assert rows.by_kind == {"scene": 2, "style": 1}
    assert rows.ratio == 2.5
    assert card.row_tokens.most == 4_200
    assert [(t.section, t.rows, t.tokens) for t in card.trims] == [
        ("summary", 1, 35),
        ("world", 1, 7),
    ]


def test_drops_by_reason(card: DataCard) -> None:
    assert [(d.reason, d.times, d.words) for d in card.drops] == [
        ("licence", 1, 8),
        ("contents", 2, 4),
    ]
    assert card.drops[1].example == "I II III"


def test_duplicates(card: DataCard) -> None:
    (found,) = card.duplicates
    assert (found.scene.book_id, found.originals[0].scene.scene_id) == ("b", "ch01-s02")
    assert card.copies == 1
    assert not card.duplicates_dropped


def test_cost_and_time(card: DataCard) -> None:
    (cost,) = card.calls
    assert (cost.purpose, cost.calls, cost.completion_tokens) == ("prep.split", 4, 90)
    assert [(t.stage, t.seconds) for t in card.times] == [("convert", 1.0), ("clean", 3.0)]


def test_a_card_is_the_same_again_from_its_json(card: DataCard) -> None:
    assert DataCard.model_validate_json(card.model_dump_json()) == card
    assert cards.full().model_dump_json() == card.model_dump_json()


def test_of_an_empty_shelf() -> None:
    card = data_card([], cards.SETTINGS)
    assert (card.words, card.scenes.total, card.rows.total) == (0, 0, 0)
    assert (card.scenes.within_share, card.scenes.fallback_share, card.rows.ratio) == (1, 0, 0)
    assert card.scene_tokens.counts == ()


def test_a_histogram() -> None:
    chart = histogram([2_000, 2_049, 2_050, 2_999])
    assert (chart.start, chart.step) == (2_000, 50)
    assert chart.counts[:2] == (2, 1)
    assert chart.counts[-1] == 1
    assert (chart.least, chart.median, chart.most, chart.sum) == (2_000, 2_049, 2_999, 9_098)


@given(st.lists(st.integers(0, 200_000), min_size=1))
def test_a_histogram_counts_every_value_in_its_class(values: list[int]) -> None:
    chart = histogram(values)
    assert sum(chart.counts) == chart.total == len(values)
    assert 1 <= len(chart.counts) <= 20
    for number, count in enumerate(chart.counts):
        low = chart.start + number * chart.step
        assert count == sum(low <= value < low + chart.step for value in values)
