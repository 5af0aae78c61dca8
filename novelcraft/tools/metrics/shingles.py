"""Texts indexed by hashes of their word n-grams, and the places where a source has the same ones.

The texts are indexed and sources are read one by one, so that memory grows with the texts and the
largest single source, not with all sources together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
"""Words as numbers, one each."""
Places = NDArray[np.int64]

UNKNOWN = -1
"""Stands for words that no text has: it matches nothing."""
BORDER = -2
"""Stands between texts: it matches nothing."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
BATCH = 1 << 18
"""N-grams that are looked up in one go."""


class ShingleIndex:
    """The n-grams of some texts.

    Args:
        texts: Words of each text.
        n: Words of an n-gram.
    """

    def __init__(self, texts: Sequence[Sequence[str]], n: int) -> None:
        self.n = n
        self._known: dict[str, int] = {}
        pieces: list[Ids] = []
        starts = []
        at = 0
        for words in texts:
            ids = [self._known.setdefault(w, len(self._known)) for w in words]
            pieces.append(np.array([*ids, BORDER], np.int32))
            starts.append(at)
            at += len(ids) + 1
        self.words = np.concatenate(pieces) if pieces else np.empty(0, np.int32)
        """All texts, one after the other, a border after each."""
        self.starts = np.array(starts, np.int64)
        """Place of each text's first word in `words`."""
        places = np.flatnonzero(_whole(self.words, n))
        hashes = _hashes(self.words, n)[places]
        order = np.argsort(hashes, kind="stable")
        self._places: Places = places[order]
        self._hashed = hashes[order]

    def encode(self, words: Iterable[str]) -> Ids:
        """A source's words as numbers; those that no text has are `UNKNOWN`."""
        return np.fromiter((self._known.get(word, UNKNOWN) for word in words), np.int32)

    def owners(self, places: Places) -> Places:
        """Numbers of the texts that places in `words` belong to."""
        return np.searchsorted(self.starts, places, side="right") - 1

    def pairs(self, source: Ids) -> Iterator[tuple[Places, Places]]:
        """Places in a source, and in `words`, that begin n-grams of the same hash.

        One place of the texts a source's place at a time, as a refrain may stand in thousands.
        """
        for start in range(0, len(source), BATCH):
            for there, here in self._pairs(source[start : start + BATCH + self.n - 1]):
                yield there + start, here

    def _pairs(self, ids: Ids) -> Iterator[tuple[Places, Places]]:
        there = np.flatnonzero(_whole(ids, self.n))
        hashes = _hashes(ids, self.n)[there]
        low = np.searchsorted(self._hashed, hashes, side="left")
        counts = np.searchsorted(self._hashed, hashes, side="right") - low
        while True:
            more = counts > 0
            there, low, counts = there[more], low[more], counts[more]
            if not len(there):
                return
            yield there, self._places[low]
            low, counts = low + 1, counts - 1


def _whole(ids: Ids, n: int) -> NDArray[np.bool_]:
    """For each n-gram, whether all its words can match."""
    if len(ids) < n:
        return np.empty(0, bool)
    blank = np.concatenate(([0], np.cumsum(ids < 0)))
    whole: NDArray[np.bool_] = blank[n:] == blank[:-n]
    return whole


def _hashes(ids: Ids, n: int) -> NDArray[np.uint64]:
    """A hash of each n-gram."""
    size = max(0, len(ids) - n + 1)
    hashes = np.zeros(size, np.uint64)
    words = ids.astype(np.uint64)
    for offset in range(n if size else 0):
        hashes = (hashes ^ words[offset : offset + size]) * _ODD
        hashes ^= hashes >> np.uint64(29)
    return hashes
