"""Repetition and overlap, against values worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.metrics import (
    Run,
    cross_copying,
    longest_shared_run,
    ngrams,
    peak_repetition,
    peak_share,
    repeated_share,
    shared_runs,
)

WORDS = st.lists(st.sampled_from("abc"), max_size=12)


def test_ngrams() -> None:
    assert ngrams(["a", "b", "c"], 2) == [("a", "b"), ("b", "c")]
    assert ngrams(["a"], 2) == []


@pytest.mark.parametrize(
    ("text", "n", "share"),
    [("a b c d", 2, 0), ("a b a b", 2, 1 / 3), ("a a a a", 1, 3 / 4), ("", 3, 0)],
)
def test_repeated_share(text: str, n: int, share: float) -> None:
    assert repeated_share(text.split(), n) == pytest.approx(share)


def test_the_peak_is_where_the_loop_is() -> None:
    words = [f"w{n}" for n in range(100)] + ["a", "b"] * 25 + [f"v{n}" for n in range(100)]
    share, at = peak_repetition(words, 2, 50)
    assert share == pytest.approx(1 - 2 / 49)
    assert at == 100
    assert peak_repetition([], 3, 50) == (0, 0)


def test_the_peak_share_is_where_one_item_is_commonest() -> None:
    assert peak_share(list("abacaaxyz"), 4) == (3 / 4, 2)
    assert peak_share(list("abc"), 4) == (0, 0)


def test_shared_runs_are_the_longest_and_do_not_overlap() -> None:
    first = list("xabcdybcz")
    second = list("bcabcd")
    assert shared_runs(first, second, 2) == [Run(1, 4), Run(6, 2)]
    assert shared_runs(first, second, 5) == []
    assert longest_shared_run(first, second) == Run(1, 4)
    assert longest_shared_run(first, ["q"]) == Run(0, 0)


@given(WORDS, WORDS)
def test_the_longest_shared_run_is_what_brute_force_finds(
    first: list[str], second: list[str]
) -> None:
    pairs = [
        (j - i)
        for i in range(len(first))
        for j in range(i + 1, len(first) + 1)
        for k in range(len(second))
        if first[i:j] == second[k : k + j - i]
    ]
    assert longest_shared_run(first, second).length == max(pairs, default=0)


def test_cross_copying_counts_what_stood_in_an_earlier_chapter() -> None:
    one, two = list("abcdef"), list("abcdeg")
    assert cross_copying([one, two]) == pytest.approx(1 / 4)
    assert cross_copying([one, list("uvwxyz")]) == 0
    assert cross_copying([list("aaaaaaa")]) == 0
    assert cross_copying([]) == 0


@given(st.lists(WORDS, max_size=5), st.integers(1, 4))
def test_cross_copying_is_the_share_of_n_grams_seen_before(
    chapters: list[list[str]], n: int
) -> None:
    seen: set[tuple[str, ...]] = set()
    known: list[bool] = []
    for words in chapters:
        known += [gram in seen for gram in ngrams(words, n)]
        seen.update(ngrams(words, n))
    assert cross_copying(iter(chapters), n) == (sum(known) / len(known) if known else 0)
