from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.prompts.fit import choose, fit, sentences, shorten, with_end


def words(text: str) -> int:
    return len(text.split())


def test_sentences_join_back_to_the_same_words() -> None:
    text = 'He said: "Go." She went.\nThen it rained… A lot!'
    assert sentences(text) == ['He said: "Go." ', "She went.\n", "Then it rained… ", "A lot!"]


@given(st.text('ab .!?"\n', max_size=60))
def test_the_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text.strip()


def test_everything_stays_when_it_fits() -> None:
    assert fit(["a b ", "c"], 3, words, keep="start") == "a b c"


def test_the_end_goes_first_when_the_start_is_kept() -> None:
    assert fit(["a b ", "c d ", "e f"], 4, words, keep="start") == "a b c d"


def test_the_start_goes_first_when_the_end_is_kept() -> None:
    assert fit(["a b ", "c d ", "e f"], 5, words, keep="end") == "c d e f"


def test_a_single_unit_that_is_too_long_leaves_nothing() -> None:
    assert fit(["a b c"], 2, words, keep="end") == ""


@given(st.lists(st.text("ab ", min_size=1), max_size=12), st.integers(0, 30), st.booleans())
def test_never_over_budget_and_never_one_unit_too_few(
    units: list[str], budget: int, from_start: bool
) -> None:
    keep: Literal["start", "end"] = "start" if from_start else "end"
    text = fit(units, budget, words, keep=keep)
    assert words(text) <= budget or not text
    runs = [units[:n] if from_start else units[len(units) - n :] for n in range(len(units) + 1)]
    fitting = [run for run in runs if words("".join(run)) <= budget]
    assert words(text) == max(words("".join(run)) for run in fitting)


@given(st.lists(st.text("ab c", min_size=1, max_size=40), min_size=2, max_size=60), st.data())
def test_few_counts_find_where_an_even_text_is_to_be_cut(
    units: list[str], data: st.DataObject
) -> None:
    budget = data.draw(st.integers(0, len("".join(units))))
    asked: list[str] = []

    def letters(text: str) -> int:
        asked.append(text)
        return len(text)

    kept = choose(units, range(len(units)), budget, letters)
    assert kept == list(range(len(kept)))
    assert len(asked) <= 6
    longer = [*kept, len(kept)]
    fits = len("".join(units[i] for i in longer[: len(units)]).strip()) <= budget
    assert not fits or len(kept) == len(units)


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("He went. She came.\n", ["He went. ", "She came.\n"]),
        ("He went. \n\n", ["He went. \n\n"]),
        ("He went.", ["He went."]),
        ("\n", ["\n"]),
        ("", [""]),
    ],
)
def test_a_line_s_last_sentence_keeps_the_end_of_the_line(line: str, pieces: list[str]) -> None:
    assert with_end(line) == pieces


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("He  went\nhome.", "He went home."),
        ("0123456789012", "0123456789012"),
        ("0123456789 12345", "0123456789 1…"),
        ("01234567890 12345", "01234567890…"),
    ],
)
def test_what_is_too_long_for_its_line_ends_in_an_ellipsis(text: str, short: str) -> None:
    assert shorten(text, 13) == short


def test_where_one_is_too_long_those_of_less_worth_are_tried() -> None:
    units = ["a b ", "c d e ", "f "]
    assert choose(units, [0, 1, 2], 3, words) == [0]
    assert choose(units, [0, 1, 2], 3, words, skip=True) == [0, 2]
    assert choose(units, [1, 0, 2], 4, words, skip=True) == [1, 2]
