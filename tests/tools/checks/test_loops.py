from __future__ import annotations

import pytest

from novelcraft.tools.checks.base import Flaw
from novelcraft.tools.checks.loops import loop, monotone
from tests.tools.checks.fitting import fitting


def numbered(start: int, count: int) -> str:
    return " ".join(f"word{n}" for n in range(start, start + count))


def looped(prose: str) -> Flaw | None:
    return loop(fitting(prose, name="Elias"))


def sentences(openings: list[str]) -> str:
    return " ".join(f"{word} thing{n} happened." for n, word in enumerate(openings))


def openings(prose: str) -> Flaw | None:
    return monotone(fitting(prose, name="Elias"))


def test_below_sixty_words_repeats_say_nothing() -> None:
    refrain = "the lamp burned on " * 14
    assert looped(refrain + "and on again") is None
    assert looped(refrain + "and on again tonight") is not None


@pytest.mark.parametrize(("words", "share"), [(37, None), (38, "25%"), (60, "40%")])
def test_a_stretch_loops_from_a_quarter_of_its_trigrams(words: int, share: str | None) -> None:
    """Of 150 words, which have 148 trigrams, the last ones are the first again."""
    fresh = numbered(0, 150 - words - 1)
    flaw = looped(f"{fresh} {numbered(0, words + 1)} {numbered(900, 400)}.")
    assert (flaw and flaw.message) == (
        share and f"The scene loops: {share} of the trigrams of a stretch are repeats."
    )


def test_a_loop_is_quoted_from_the_stretch_where_it_is() -> None:
    prose = f"Once more, once more. {numbered(0, 400)}. {'The lamp burned on. ' * 30}"
    flaw = looped(prose)
    assert flaw is not None
    assert flaw.evidence == ("The lamp burned on. The lamp",)


def test_a_scene_that_circles_slowly_loops_as_a_whole() -> None:
    """A stretch has nothing twice; the scene says all of it twice."""
    prose = f"{numbered(0, 300)}. {numbered(0, 300)}."
    flaw = looped(prose)
    assert flaw is not None
    assert flaw.message == "The scene loops: 50% of the trigrams of the scene are repeats."
    assert flaw.evidence == ("word0 word1 word2 word3 word4 word5",)


@pytest.mark.parametrize(("others", "found"), [(3, True), (4, False)])
def test_of_twenty_sentences_in_a_row_seventeen_begin_alike(others: int, found: bool) -> None:
    strangers = [f"Other{n}" for n in range(others)]
    flaw = openings(sentences(["He"] * 9 + strangers + ["He"] * (11 - others) + ["End"] * 5))
    assert (flaw is not None) == found


def test_sentences_that_begin_alike_are_quoted_from_the_first() -> None:
    flaw = openings(sentences([f"Other{n}" for n in range(30)] + ["He"] * 20))
    assert flaw is not None
    assert flaw.message == "100% of 20 sentences in a row begin with the same word."
    assert flaw.evidence == tuple(f"He thing{n} happened." for n in (30, 31, 32))
    assert openings(sentences(["He"] * 19)) is None
