"""Find passages that texts share with a body of text all but word for word.

A passage is alike when it has at least `PASSAGE` words of which at least `IDENTITY` stand in one
stretch of a source, in the same order, with names made one. So a copy is found through inserted,
left out and replaced words and renamed people; a retelling in other words is not. Runs of three
words seed the search, seeds close together near one diagonal are joined, and the longest common
subsequence of the two stretches says which words agree.

The limits are where honest prose ends: of ten public-domain novels no scene has such a passage in
common with another novel, by the same author or not, nor a held-out scene with the rest of its
own (`benchmarks/near_copies.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq

from novelcraft.tools.metrics.shingles import Ids, Places, ShingleIndex
from novelcraft.tools.metrics.verbatim import named_words

PASSAGE = 30
"""Words of the shortest passage."""
IDENTITY = (3, 5)
"""Least share of a passage's words that stand in the source, as a fraction."""

_SEED = 3
"""Words of a seed."""
_LEAST_SEEDS = 4
_BAND = 32
"""Width of a band of diagonals: how far inserted words may move a passage against its source."""
_GAP = 12
"""Most words from the end of a seed to the next one of its passage."""
_MARGIN = 12
"""Words before and after the seeds that are compared too."""


@dataclass(frozen=True)
class AlikePassage:
    """A passage of a text that a source has too, all but word for word."""

    text: int
    """Number of the text, from 0."""
    word: int
    """Number of its first word among the text's `match_words`."""
    length: int
    """In words of the text."""
    matched: int
    """How many of them stand in the source."""
    source: str


class AlignmentSearch:
    """Texts, and what of them was found in the sources so far.

    Args:
        texts: Where to look for passages.
        told: For each text the numbers among `match_words` of the words that are quoted from its
            prompt: a passage may have them, but their share is of the others.
    """

    def __init__(self, texts: Sequence[str], told: Sequence[Sequence[int]] = ()) -> None:
        split = [named_words(text) for text in texts]
        self._index = ShingleIndex([[w for w, _ in words] for words in split], _SEED)
        self._numbers = [[n for _, n in words] for words in split]
        self._own = self._index.words >= 0
        for start, numbers, quoted in zip(self._index.starts, self._numbers, told, strict=False):
            self._own[start : start + len(numbers)] = ~np.isin(numbers, quoted)
        self._found = np.zeros(len(self._index.words), bool)
        self._longest: dict[int, AlikePassage] = {}

    def add(self, name: str, source: str) -> None:
        """Read one source. Passages do not reach from one source into the next."""
        ids = self._index.encode([w for w, _ in named_words(source)])
        for here, there in self._stretches(ids):
            self._align(name, ids, here, there)

    def share(self) -> float:
        """The share of the texts' own words that lie in alike passages, 0 to 1.

        Names in a row count as one word.
        """
        return float((self._found & self._own).sum()) / max(1, int(self._own.sum()))

    def longest(self) -> list[AlikePassage]:
        """The longest passage of each text that has one, the longest first."""
        return sorted(self._longest.values(), key=lambda p: (-p.length, p.text))

    def _stretches(self, ids: Ids) -> Iterator[tuple[slice, slice]]:
        """Where the texts, and the source, may be alike: seeds close together in one band."""
        pairs = list(self._index.pairs(ids))
        if not pairs:
            return
        there = np.concatenate([p[0] for p in pairs])
        here = np.concatenate([p[1] for p in pairs])
        owners = self._index.owners(here)
        # Bands overlap by half, so that a passage near the edge of one lies inside the other.
        for shift in (0, _BAND // 2):
            band = (here - there + shift) // _BAND
            order = np.lexsort((here, band))
            yield from self._joined(here[order], there[order], band[order], owners[order])

    def _joined(
        self, here: Places, there: Places, band: Places, owners: Places
    ) -> Iterator[tuple[slice, slice]]:
        parted = (np.diff(band) != 0) | (np.diff(owners) != 0) | (np.diff(here) > _GAP + _SEED)
        for group in np.split(np.arange(len(here)), np.flatnonzero(parted) + 1):
            places = here[group]
            if len(np.unique(places)) < _LEAST_SEEDS:
                continue
            owner = int(owners[group[0]])
            first = int(self._index.starts[owner])
            end = first + len(self._numbers[owner])
            yield (
                slice(
                    max(first, int(places[0]) - _MARGIN),
                    min(end, int(places[-1]) + _SEED + _MARGIN),
                ),
                slice(
                    max(0, int(there[group].min()) - _MARGIN),
                    int(there[group].max()) + _SEED + _MARGIN,
                ),
            )

    def _align(self, name: str, ids: Ids, here: slice, there: slice) -> None:
        text, source = self._index.words[here].tolist(), ids[there].tolist()
        matched = np.zeros(len(text), bool)
        for block in LCSseq.opcodes(text, source):
            if block.tag == "equal":
                matched[block.src_start : block.src_end] = True
        covered = alike_words(matched)
        self._found[here] |= covered
        owner = int(self._index.owners(np.array([here.start]))[0])
        first = here.start - int(self._index.starts[owner])
        for start, end in _runs(covered):
            known = self._longest.get(owner)
            own = self._own[here.start + start : here.start + end].any()
            if own and (known is None or end - start > known.length):
                self._longest[owner] = AlikePassage(
                    text=owner,
                    word=self._numbers[owner][first + start],
                    length=end - start,
                    matched=int(matched[start:end].sum()),
                    source=name,
                )


def alike_words(matched: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The words that lie in an alike passage.

    Args:
        matched: For each word of a stretch whether the source has it in its place.
    """
    share, whole = IDENTITY
    # A passage from `a` to `b` holds enough matched words where its score is not negative; it
    # begins and ends with a matched one.
    score = np.concatenate(([0], np.cumsum(np.where(matched, whole - share, -share))))
    ends = np.where(np.concatenate(([False], matched)), score, np.iinfo(np.int64).min)
    best = np.maximum.accumulate(ends[::-1])
    starts = np.flatnonzero(matched)
    last = len(score) - 1 - np.searchsorted(best, score[starts], side="left")
    long = last - starts >= PASSAGE
    change = np.zeros(len(matched) + 1, np.int64)
    np.add.at(change, starts[long], 1)
    np.add.at(change, last[long], -1)
    covered: NDArray[np.bool_] = np.cumsum(change)[:-1] > 0
    return covered


def _runs(covered: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], covered.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
