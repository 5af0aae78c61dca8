"""The parts of a style score, against figures worked out by hand and brute force."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.state.manuscript import count_words
from novelcraft.state.style import Calibration, Scale
from novelcraft.tools.metrics.burrows import ENGLISH, PRONOUNS, delta, function_words, shares
from novelcraft.tools.metrics.calibration import auc, evenly
from novelcraft.tools.metrics.style_distances import divergence, placed, transport
from novelcraft.tools.metrics.style_measures import measure_pool, pools_of

COUNTS = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9), min_size=1)
DISTANCES = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=9)
KNOWN = Calibration(same=(1.0, 2.0, 3.0), other=(2.5, 4.0, 6.0), auc=0.95)


def test_delta_is_the_mean_difference_of_z_scores() -> None:
    scales = {"the": Scale(mean=0.06, deviation=0.01), "of": Scale(mean=0.03, deviation=0.005)}
    one, other = {"the": 0.05, "of": 0.03}, {"the": 0.07, "of": 0.02}
    assert delta(one, other, scales) == pytest.approx((0.02 / 0.01 + 0.01 / 0.005) / 2)
    assert delta(one, one, scales) == 0
    assert delta(one, other, {}) == 0


def test_shares_of_function_words() -> None:
    found = shares(["the", "cat", "and", "the", "dog"], frozenset({"the", "and", "of"}))
    assert found == {"and": 0.2, "of": 0, "the": 0.4}
    assert shares([], frozenset({"the"})) == {"the": 0}


def test_other_languages_take_their_most_frequent_words() -> None:
    texts = [["der", "hund", "und", "der", "mann"], ["und", "der", "wald", "und", "das", "haus"]]
    assert function_words("de-AT", texts) == {"der", "und"}
    assert function_words("en-GB", texts) == ENGLISH
    assert function_words("de", []) == frozenset()


def test_the_lists_do_not_overlap() -> None:
    assert not ENGLISH & PRONOUNS
    assert len(ENGLISH) > 150


def test_the_divergence_of_word_counts() -> None:
    assert divergence({"a": 2, "b": 2}, {"a": 1, "b": 1}) == 0
    assert divergence({"a": 1}, {"b": 1}) == 1
    assert divergence({}, {"b": 1}) == 1
    assert divergence({}, {}) == 0
    half = 0.5 * (0.5 * math.log2(0.5 / 0.75) + 0.5) + 0.5 * math.log2(1 / 0.75)
    assert divergence({"a": 1, "b": 1}, {"a": 1}) == pytest.approx(math.sqrt(half))


@given(COUNTS, COUNTS, COUNTS)
def test_the_divergence_is_a_distance(
    a: dict[str, int], b: dict[str, int], c: dict[str, int]
) -> None:
    assert divergence(a, b) == pytest.approx(divergence(b, a))
    assert 0 <= divergence(a, b) <= 1
    assert divergence(a, c) <= divergence(a, b) + divergence(b, c) + 1e-6


def test_transport_counts_classes() -> None:
    assert transport((1, 0, 0), (0, 0, 1)) == 2
    assert transport((0.5, 0.5, 0), (0, 0.5, 0.5)) == 1
    assert transport((0.2, 0.8), (0.2, 0.8)) == 0


def test_the_ends_of_the_scale_are_the_medians() -> None:
    assert placed(2.0, KNOWN).score == 100
    assert placed(0.0, KNOWN).score == 100
    assert placed(4.0, KNOWN).score == 0
    assert placed(99.0, KNOWN).score == 0
    middle = placed(
        2.5, KNOWN
    )  # Percentiles 0.75 and 0: a half between 0.5 / 2 and 1.5 / 2 is 0.5.
    assert middle.score == pytest.approx(100 * (0.75 - 0.375) / 0.5)
    assert (middle.nearer_than_same, middle.nearer_than_other) == (0.25, 1)


@given(st.floats(0, 9), st.floats(0, 9))
def test_a_larger_distance_never_scores_higher(one: float, other: float) -> None:
    near, far = sorted((one, other))
    assert placed(near, KNOWN).score >= placed(far, KNOWN).score


@given(DISTANCES, DISTANCES)
def test_auc_is_what_counting_finds(same: list[float], other: list[float]) -> None:
    wins = sum((o > s) + (o == s) / 2 for s in same for o in other)
    assert auc(same, other) == pytest.approx(wins / len(same) / len(other))


def test_evenly() -> None:
    assert evenly("abcdefghi", 3) == ["b", "e", "h"]
    assert evenly("ab", 3) == ["a", "b"]


@given(st.lists(st.integers(1, 30), max_size=20), st.integers(1, 60))
def test_pools_hold_every_paragraph_once_and_reach_their_size(sizes: list[int], size: int) -> None:
    paragraphs = [" ".join([f"w{k}"] * n) for k, n in enumerate(sizes)]
    pools = pools_of(["\n\n".join(paragraphs)], size)
    assert [p for pool in pools for p in pool] == paragraphs
    if sum(sizes) >= size:
        assert all(sum(map(count_words, pool)) >= size for pool in pools)
        assert all(sum(map(count_words, pool[:-1])) < size for pool in pools[:-1])
    else:
        assert len(pools) == bool(sizes)


def test_paragraphs_are_told_by_blank_lines_or_else_by_lines() -> None:
    assert pools_of(["# One\n\nA wrapped\nline.\n\n* * *\n\nAnother."], 99) == [
        ["A wrapped line.", "Another."]
    ]
    assert pools_of(["A line.\r\nAnother."], 99) == [["A line.", "Another."]]
    assert pools_of(["", " \n\n "], 99) == []


def test_the_measures_of_a_pool() -> None:
    text = [
        "“Stop!” said Anna. “Stop now, then,”",
        "He ran; the dog ran…",
        "“Why?”",
        "And so home.",
    ]
    pool = measure_pool(text, frozenset({"the", "and", "so", "now", "then"}))
    assert pool.words == 15
    assert pool.content == {"dog": 1, "home": 1, "ran": 2, "said": 1}
    assert pool.sentences[:4] == (1 / 5, 3 / 5, 1 / 5, 0)  # Of 3, 3, 5, 1 and 3 words.
    structure = pool.structure
    assert structure["dialogue"] == pytest.approx(5 / 15)
    assert structure["with_speech"] == 2 / 4
    assert structure["begun_by_speech"] == 2 / 4
    assert structure["one_sentence"] == 3 / 4
    assert structure["exchanges"] == 0
    assert structure["paragraph_length"] == pytest.approx(
        (math.log(6) + math.log(5) + math.log(1) + math.log(3)) / 4
    )
    pacing = pool.pacing
    assert pacing["hurry"] == pytest.approx(2 / 15)
    assert (pacing["semicolons"], pacing["questions"]) == (1 / 15, 1 / 15)
    assert (pacing["exclamations"], pacing["ellipses"]) == (1 / 15, 1 / 15)
    assert pacing["commas"] == pytest.approx(2 / 15)
