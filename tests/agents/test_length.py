from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.agents.narrator import LengthRule, cut_at_sentence
from novelcraft.config.presets import SMALL

RULE = LengthRule(low=8, high=10)
FIVE = "One two three four five."


def test_goes_on_below_the_target() -> None:
    assert RULE.cut(f"{FIVE}\n\nSix.\n\n") is None


def test_ends_at_the_first_paragraph_end_past_the_target() -> None:
    text = f"{FIVE} {FIVE}\n\n{FIVE}\n\nMore"
    assert RULE.cut(text) == f"{FIVE} {FIVE}"


def test_waits_for_the_paragraph_to_end() -> None:
    assert RULE.cut(f"{FIVE} {FIVE} And then") is None


def test_ends_at_a_sentence_when_the_paragraph_does_not_end() -> None:
    assert RULE.cut(f"{FIVE} {FIVE} {FIVE} And then") == f"{FIVE} {FIVE} {FIVE}"


def test_a_line_that_is_no_whole_sentence_is_no_end() -> None:
    assert RULE.cut(f"{FIVE} {FIVE} and\nso") is None


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


@given(st.text("ab.\n !”", max_size=200))
def test_a_cut_is_a_prefix_and_the_same_however_much_more_came(text: str) -> None:
    rule = LengthRule(low=3, high=4)
    cuts = [rule.cut(text[:n]) for n in range(len(text) + 1)]
    first = next((c for c in cuts if c is not None), None)
    if first is not None:
        assert text.startswith(first)


def test_the_rule_follows_the_preset() -> None:
    assert LengthRule.of(SMALL, 600) == LengthRule(low=300, high=600)
