"""The search for verbatim runs, against brute force and planted runs."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.metrics.shingles import BATCH
from novelcraft.tools.metrics.verbatim import VerbatimSearch, match_words, quote

TEXT = st.lists(st.sampled_from(["a", "b", "c"]), max_size=14).map(" ".join)


def invented(seed: int, count: int, prefix: str = "w") -> list[str]:
    rng = random.Random(seed)
    return [f"{prefix}{rng.randrange(500)}" for _ in range(count)]


def search(texts: list[str], sources: list[str], least: int = 8) -> VerbatimSearch:
    found = VerbatimSearch(texts, least)
    for number, source in enumerate(sources):
        found.add(f"book-{number}", source)
    return found


@pytest.mark.parametrize("length", [8, 19, 20, 21, 300])
def test_a_planted_run_is_found_with_its_places_and_length(length: int) -> None:
    book = invented(1, 5_000)
    scene = invented(2, 900, "v")
    scene[400:400] = book[3_000 : 3_000 + length]
    (run,) = search(["nothing here", " ".join(scene)], ["other", " ".join(book)]).longest()
    assert (run.text, run.word, run.source, run.source_word, run.length) == (
        1, 400, "book-1", 3_000, length,
    )  # fmt: skip


def test_a_run_of_seven_words_is_none() -> None:
    book = invented(1, 100)
    assert search([" ".join(book[10:17])], [" ".join(book)]).longest() == []


def test_case_punctuation_hyphens_accents_and_apostrophes_make_no_difference() -> None:
    book = "“It’s a well-known café,” said Zoë; “don’t go in before the to-morrow’s bell rings!”"
    scene = (
        "Then: ITS A WELL KNOWN CAFE — said zoe, don't\n\ngo in (before the to morrows) bell; so"
    )
    (run,) = search([scene], [book]).longest()
    assert run.length == len(match_words(book)) - 1
    assert quote(scene, run.word, run.length) == scene[len("Then: ") : -len("; so")]


def test_composed_and_decomposed_accents_are_the_same_word() -> None:
    assert match_words("cafe\u0301 na\u00efve so\u00adft") == ["cafe", "naive", "soft"]


def test_runs_reach_over_no_border_of_texts_or_sources() -> None:
    words = invented(3, 40)
    left, right = " ".join(words[:20]), " ".join(words[20:])
    assert [r.length for r in search([left, right], [" ".join(words)]).longest()] == [20, 20]
    assert [r.length for r in search([" ".join(words)], [left, right]).longest()] == [20]


def test_a_run_across_the_batches_of_a_source_is_whole() -> None:
    book = ["z"] * (BATCH - 30) + invented(4, 200)
    (run,) = search([" ".join(book[-200:-100])], [" ".join(book)]).longest()
    assert (run.source_word, run.length) == (BATCH - 30, 100)


def test_a_refrain_is_followed_at_all_of_its_places() -> None:
    refrain = "row the boat home before the dark comes " * 40
    (run,) = search([refrain + "and rest"], ["they " + refrain + "or sink"]).longest()
    assert (run.word, run.source_word, run.length) == (0, 1, 320)


def brute(scene: list[str], book: list[str]) -> int:
    return max(
        (
            size
            for i in range(len(scene))
            for j in range(len(book))
            for size in range(1, min(len(scene) - i, len(book) - j) + 1)
            if scene[i : i + size] == book[j : j + size]
        ),
        default=0,
    )


@given(st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=3), st.integers(1, 3))
def test_the_longest_runs_are_what_brute_force_finds(
    texts: list[str], sources: list[str], least: int
) -> None:
    found = {run.text: run for run in search(texts, sources, least).longest()}
    for number, text in enumerate(texts):
        longest = max((brute(text.split(), s.split()) for s in sources), default=0)
        run = found.get(number)
        assert (run.length if run else 0) == (longest if longest >= least else 0)
        if run:
            book = sources[int(run.source.removeprefix("book-"))].split()
            same = book[run.source_word : run.source_word + run.length]
            assert text.split()[run.word : run.word + run.length] == same


def test_memory_grows_with_the_largest_source_and_not_with_the_body() -> None:
    book = " ".join(invented(5, 20_000))
    found = VerbatimSearch([" ".join(invented(6, 2_000))])
    found.add("first", book)
    tracemalloc.start()
    for number in range(10):
        found.add(f"book-{number}", book)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.words == 220_000
    assert held < 100_000
    assert peak < 60 * 20_000
