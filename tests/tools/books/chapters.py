"""Chapters of all kinds for the tests of segmentation, and ways to say what holds of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from novelcraft.tools.books.scenes.blocks import Block
from novelcraft.tools.books.scenes.cuts import CutSpan, SceneSpan
from novelcraft.tools.books.scenes.limits import SceneLimits

SMALL = SceneLimits(
    low=200, high=300, cut_low=40, cut_high=100, best_low=60, best_high=80
)  # fmt: skip
"""A tenth of the usual limits, so that long chapters are short texts."""

LEAST, MOST = 8, 50
"""Of the blocks under those limits."""


def count(text: str) -> int:
    """A tenth more tokens than words, rounded up: a joined text has fewer than its parts."""
    return -(-len(text.split()) * 11 // 10)


def tight(text: str) -> int:
    """Joined texts have more tokens than their parts: one more for each join of words."""
    return max(0, 2 * len(text.split()) - 1)


def letters(text: str) -> int:
    """One token a character that is no blank."""
    return sum(not c.isspace() for c in text)


def paragraph(words: int, sentence: int = 9) -> str:
    """A paragraph of so many words, in sentences."""
    said = [
        f"W{n}" if n % sentence == 0 else f"w{n}." if n % sentence == sentence - 1 else f"w{n}"
        for n in range(words)
    ]
    return " ".join(said)


_paragraphs = st.one_of(
    st.integers(1, 130).map(paragraph), st.sampled_from(["* * *", "“Yes,” he said.", "word " * 70])
)

prose = st.one_of(
    st.lists(_paragraphs, max_size=10), st.lists(_paragraphs, min_size=20, max_size=50)
).map("\n\n".join)
"""Chapters as the cleaner leaves them."""

anything = st.text(alphabet=st.sampled_from("aB .!?\n\t\r*”—。あ\u2028\x1c"), max_size=400)
"""Texts that no cleaner would leave."""

answers = st.one_of(
    st.lists(st.integers(-5, 70), max_size=40),
    st.integers(0, 60).map(lambda n: list(range(n, -1, -1))),
    st.sampled_from([[], [0], [10**30, -(10**30)], [3, 3, 3], list(range(200))]),
)
"""What a model may answer: overlapping, missing, reversed, out of range, empty."""


def joined(text: str, spans: Sequence[Block | SceneSpan | CutSpan]) -> str:
    return "".join(text[span.start : span.end] for span in spans)


def contiguous(spans: Sequence[Block | SceneSpan | CutSpan]) -> bool:
    return all(a.end == b.start for a, b in pairwise(spans)) and all(
        span.start < span.end for span in spans
    )
