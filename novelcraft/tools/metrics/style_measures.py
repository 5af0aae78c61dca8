"""What a pool of prose measures: the figures that a style score compares. Pure.

A pool is some thousand words of whole paragraphs, from one scene or many. In less, most of these
figures are noise.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean, pstdev

from novelcraft.state.manuscript import WORD, count_words
from novelcraft.state.style import StylePool
from novelcraft.tools.metrics.burrows import PRONOUNS, shares
from novelcraft.tools.metrics.dialogue import narration
from novelcraft.tools.metrics.text import Prose, sentences
from novelcraft.tools.metrics.word_lists import word_list

SENTENCE_STEPS = (2, 4, 6, 8, 10, 13, 16, 19, 23, 27, 32, 38, 46, 56, 70)
"""Most words of a sentence in each class of lengths but the last."""

_LISTED = {"hurry": "hurry", "wait": "wait", "passing_time": "passing"}
"""Measures of pace and their lists of words."""
_MARKS = {
    "commas": re.compile(r","),
    "semicolons": re.compile(r"[;:]"),
    "dashes": re.compile(r"—|–|(?<!-)--+(?!-)"),
    "exclamations": re.compile(r"!"),
    "questions": re.compile(r"\?"),
    "ellipses": re.compile(r"…|\.\s?\.\s?\."),
}
_HEADING = re.compile(r"#{1,6}\s")
_BLANK = re.compile(r"\n\s*\n")


def pools_of(texts: Iterable[str], size: int) -> list[list[str]]:
    """Cut texts into pools of whole paragraphs.

    Args:
        texts: Scenes, chapters or books, taken as one text. Blank lines part paragraphs; a text
            without any has a paragraph a line. Headings belong to no pool.
        size: Least number of words of a pool; what is left at the end goes into the last one.

    Returns:
        The paragraphs of each pool. One pool of fewer words when there are no more.
    """
    pools: list[list[str]] = [[]]
    filled = 0
    for paragraph in _paragraphs(texts):
        if filled >= size:
            pools.append([])
            filled = 0
        pools[-1].append(paragraph)
        filled += count_words(paragraph)
    if len(pools) > 1 and filled < size:
        pools[-2:] = [pools[-2] + pools[-1]]
    return pools if pools[0] else []


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        for piece in _BLANK.split(plain) if _BLANK.search(plain) else plain.split("\n"):
            paragraph = " ".join(piece.split())
            if count_words(paragraph) and not _HEADING.match(paragraph):
                yield paragraph


def measure_pool(paragraphs: Sequence[str], listed: frozenset[str]) -> StylePool:
    """Measure a pool.

    Args:
        paragraphs: Its paragraphs, none without words.
        listed: The function words to count.
    """
    prose = Prose("\n".join(paragraphs))
    return StylePool(
        words=prose.word_count,
        content=_content(prose, listed),
        sentences=_lengths(prose),
        structure=_structure(prose),
        pacing=_pacing(prose),
        function_words=shares(prose.words, listed),
    )


def _content(prose: Prose, listed: frozenset[str]) -> dict[str, int]:
    """Words that come in lower case somewhere, so that no name is among them."""
    lower = {w.replace("’", "'") for w in WORD.findall(prose.text) if w[0].islower()}
    counts = Counter(w for w in prose.words if w in lower)
    return {w: n for w, n in sorted(counts.items()) if w not in listed and w not in PRONOUNS}


def _lengths(prose: Prose) -> tuple[float, ...]:
    classes = [0] * (len(SENTENCE_STEPS) + 1)
    for sentence in prose.sentences:
        classes[bisect_left(SENTENCE_STEPS, max(1, count_words(sentence)))] += 1
    return tuple(n / sum(classes) for n in classes) if any(classes) else (0.0,) * len(classes)


def _structure(prose: Prose) -> dict[str, float]:
    sizes = [math.log(count_words(p)) for p in prose.paragraphs]
    told = [sum(map(count_words, narration(p, prose.quotes))) for p in prose.paragraphs]
    spoken = [count_words(p) > t for p, t in zip(prose.paragraphs, told, strict=True)]
    opening = prose.quotes.opening if prose.quotes else None
    return {
        "paragraph_length": _mean(sizes),
        "paragraph_spread": pstdev(sizes) if sizes else 0.0,
        "one_sentence": _mean(len(sentences(p)) == 1 for p in prose.paragraphs),
        "dialogue": 1 - sum(told) / prose.word_count if prose.word_count else 0.0,
        "with_speech": _mean(spoken),
        "begun_by_speech": _mean(bool(opening and opening.match(p)) for p in prose.paragraphs),
        "exchanges": _mean(one and other for one, other in pairwise(spoken)),
    }


def _pacing(prose: Prose) -> dict[str, float]:
    count = max(1, prose.word_count)
    lengths = [math.log(n) for s in prose.sentences if (n := count_words(s))]
    first = [w[0].casefold() for s in prose.sentences if (w := WORD.findall(s))]
    linking = word_list("linking")
    return {
        **{name: _count(prose, word_list(key)) / count for name, key in _LISTED.items()},
        **{name: len(mark.findall(prose.text)) / count for name, mark in _MARKS.items()},
        "swings": _mean(abs(one - other) for one, other in pairwise(lengths)),
        "linked_sentences": _mean(w in linking for w in first),
    }


def _count(prose: Prose, listed: frozenset[str]) -> int:
    return sum(w in listed for w in prose.words)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return fmean(found) if found else 0.0
