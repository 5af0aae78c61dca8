"""Where a growing draft ends: the same place however it comes, each character read once."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.config.presets import SMALL
from novelcraft.state.manuscript import count_words
from novelcraft.tools.metrics.draft_length import (
    HARD_STOP,
    LONGEST,
    Cut,
    GrowingDraft,
    LengthRule,
    cut_at_sentence,
)

RULE = LengthRule(least=5, low=8, high=10)
FIVE = "One two three four five."


def end_of(text: str, rule: LengthRule = RULE) -> str | None:
    """Where the draft ends when it comes at once; None where it goes on."""
    cut = GrowingDraft(rule).read(text)
    return cut.text if cut else None


def test_goes_on_below_the_target() -> None:
    assert end_of(f"{FIVE}\n\nSix.\n\n") is None


def test_ends_at_the_first_paragraph_end_past_the_target() -> None:
    assert end_of(f"{FIVE} {FIVE}\n\n{FIVE}\n\nMore") == f"{FIVE} {FIVE}"


def test_waits_for_the_paragraph_to_end() -> None:
    assert end_of(f"{FIVE} {FIVE} And then") is None


def test_ends_at_a_sentence_when_the_paragraph_does_not_end() -> None:
    assert end_of(f"{FIVE} {FIVE} {FIVE} And then") == f"{FIVE} {FIVE}"


def test_a_line_that_is_no_whole_sentence_is_no_end() -> None:
    assert end_of(f"{FIVE} {FIVE} and\nso") is None


def test_a_draft_without_sentences_ends_at_the_greatest_length() -> None:
    cut = GrowingDraft(RULE).read("sea " * 30)
    assert cut == Cut("sea " * 19 + "sea", whole=False)


def test_a_sentence_that_ends_before_the_least_length_is_no_place_to_end() -> None:
    cut = GrowingDraft(RULE).read("No. " + "sea " * 30)
    assert cut is not None
    assert not cut.whole


@pytest.mark.parametrize("letters", ["ha", "."])
def test_a_word_without_end_is_ended_by_its_characters(letters: str) -> None:
    cut = GrowingDraft(RULE).read(letters * RULE.most_chars)
    assert cut == Cut((letters * RULE.most_chars)[: RULE.most_chars], whole=False)


def test_chinese_ends_at_its_own_full_stop() -> None:
    assert cut_at_sentence("他走了。她笑") == "他走了。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left. She sta", "He left."),
        ("“Go!” she said. Then", "“Go!” she said."),
        ("She asked: “Why?” and", "She asked: “Why?”"),
        ("nothing whole", ""),
        ("It cost 3.5 pounds", ""),
    ],
)
def test_cut_at_sentence(text: str, expected: str) -> None:
    assert cut_at_sentence(text) == expected


TEXTS = st.text("ab.\n !”", max_size=200) | st.text("aé.-'\n", max_size=120)
TIGHT = LengthRule(least=2, low=3, high=4)


def counted_anew(rule: LengthRule, text: str) -> Cut | None:
    """The same by counting the whole draft at every blank, as a reader with time would."""
    for blank in re.finditer(r"\s", text):
        before = text[: blank.start()]
        words = count_words(before)
        if before != before.rstrip():
            before = before.rstrip()
        elif words >= rule.high * HARD_STOP and count_words(cut_at_sentence(before)) >= rule.least:
            return Cut(cut_at_sentence(before), whole=True)
        elif words >= rule.high * LONGEST:
            return Cut(before, whole=False)
        if blank[0] == "\n" and words >= rule.high and before and cut_at_sentence(before) == before:
            return Cut(before, whole=True)
    return None


@given(TEXTS)
def test_counting_as_it_grows_ends_a_draft_where_counting_it_whole_does(text: str) -> None:
    if len(text) < TIGHT.most_chars:
        assert GrowingDraft(TIGHT).read(text) == counted_anew(TIGHT, text)


@given(TEXTS | st.text("海a。」 \n", max_size=60), st.lists(st.integers(0, 200)))
def test_the_end_is_the_same_whatever_the_pieces(text: str, places: list[int]) -> None:
    growing = GrowingDraft(TIGHT)
    seen = [growing.read(text[:place]) for place in sorted(places)] + [growing.read(text)]
    first = next((cut for cut in seen if cut), None)
    at_once = GrowingDraft(TIGHT).read(text)
    assert (first and first.text) == (at_once and at_once.text)


@given(TEXTS, TEXTS)
def test_a_draft_that_begins_anew_is_read_anew(before: str, text: str) -> None:
    growing = GrowingDraft(TIGHT)
    if growing.read(before) is None:
        growing.read("x")
        assert growing.read(text) == GrowingDraft(TIGHT).read(text)


def test_the_rule_follows_the_preset() -> None:
    assert LengthRule.of(SMALL, 600) == LengthRule(least=270, low=300, high=600)


def test_tokens_follow_the_length_and_the_language() -> None:
    rule = LengthRule.of(SMALL, 600)
    english, finnish = rule.tokens(1.3), rule.tokens(2.6)
    assert 600 * HARD_STOP * 1.3 < english < 1.5 * 600 * HARD_STOP * 1.3
    assert finnish == pytest.approx(2 * english, abs=2)


def test_chinese_is_counted_by_its_characters_and_ends_within_its_paragraph() -> None:
    sentence = "海水很安静。"
    assert end_of(sentence * 4) == sentence * 3
    assert end_of(f"{sentence * 2}\n\n{sentence}") == sentence * 2
