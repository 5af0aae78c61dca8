"""Find the longest runs of words that texts share with a large body of text.

The texts are indexed by hashes of their n-grams, and the body is read once, text by text, so that
memory grows with the texts and the largest single source, not with the body: ten million words
of sources of 200,000 words take a few megabytes. Every hit is compared word by word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]

LEAST = 8
"""Words of the shortest run that is looked for. Shorter ones are turns of phrase."""

_WORD = re.compile(r"[^\W_]+(?:['’ʼ\u00ad\u2060\u0300-\u036f]+[^\W_]+|[\u0300-\u036f]+)*")
"""Hyphens part words, since editions differ in them."""
_SILENT = re.compile(r"['’ʼ\u00ad\u2060]")
_ODD = np.uint64(0x9E3779B97F4A7C15)
_BATCH = 1 << 18
"""N-grams, and pairs of places, that are looked at in one go."""
_UNKNOWN = -1
"""Stands for words that no text has: it matches nothing."""
_BORDER = -2
"""Stands between texts: it matches nothing."""


@dataclass(frozen=True)
class FoundRun:
    """The longest run that a text shares with the body."""

    text: int
    """Number of the text, from 0."""
    word: int
    """Number of its first word in the text."""
    source: str
    source_word: int
    length: int


def match_words(text: str) -> list[str]:
    """The words of a text as they are compared: without case, accents, apostrophes, hyphens."""
    return [_folded(match.group()) for match in _WORD.finditer(text)]


def quote(text: str, first: int, length: int) -> str:
    """The part of a text from one of its `match_words` on, verbatim."""
    spans = [match.span() for match in _WORD.finditer(text)][first : first + length]
    return text[spans[0][0] : spans[-1][1]]


def _folded(word: str) -> str:
    return word.lower() if word.isascii() and "'" not in word else _plain(word)


@lru_cache(maxsize=1 << 16)
def _plain(word: str) -> str:
    bare = unicodedata.normalize("NFKD", _SILENT.sub("", word).casefold())
    return "".join(c for c in bare if not unicodedata.combining(c))


class VerbatimSearch:
    """Texts, and the longest run of each that has been found so far.

    Args:
        texts: Where to look for runs.
        least: Words of the shortest run to look for.
    """

    def __init__(self, texts: Sequence[str], least: int = LEAST) -> None:
        self._least = least
        self._known: dict[str, int] = {}
        pieces: list[Ids] = []
        starts, owners = [], []
        at = 0
        for number, text in enumerate(texts):
            found = match_words(text)
            ids = [self._known.setdefault(w, len(self._known)) for w in found]
            pieces.append(np.array([*ids, _BORDER], np.int32))
            starts.append(at)
            owners.append(number)
            at += len(ids) + 1
        self._words = np.concatenate(pieces) if pieces else np.empty(0, np.int32)
        self._starts = np.array(starts, np.int64)
        self._best: dict[int, FoundRun] = {}
        self.words = 0
        """Words of the body so far."""
        places = np.flatnonzero(_whole(self._words, least))
        hashes = _hashes(self._words, least)[places]
        order = np.argsort(hashes, kind="stable")
        self._places: Places = places[order]
        self._hashed: Hashes = hashes[order]

    def add(self, name: str, source: str) -> None:
        """Read one text of the body. Runs do not reach from one source into the next."""
        ids = np.fromiter(
            (self._known.get(_folded(m.group()), _UNKNOWN) for m in _WORD.finditer(source)),
            np.int32,
        )
        self.words += len(ids)
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH + self._least - 1]
            for there, here in self._pairs(part):
                self._keep(name, ids, there + start, here)

    def longest(self) -> list[FoundRun]:
        """The longest run of each text that has one, the first of several; the longest first."""
        return sorted(self._best.values(), key=lambda run: (-run.length, run.text))

    def _pairs(self, ids: Ids) -> Iterator[tuple[Places, Places]]:
        """Places in a source, and in the texts, whose n-grams have the same hash."""
        there = np.flatnonzero(_whole(ids, self._least))
        hashes = _hashes(ids, self._least)[there]
        low = np.searchsorted(self._hashed, hashes, side="left")
        counts = np.searchsorted(self._hashed, hashes, side="right") - low
        hit = counts > 0
        there, low, counts = there[hit], low[hit], counts[hit]
        while len(there):
            # One pair of each place at a time: a refrain may stand in a thousand places.
            yield there, self._places[low]
            low, counts = low + 1, counts - 1
            more = counts > 0
            there, low, counts = there[more], low[more], counts[more]

    def _keep(self, name: str, ids: Ids, there: Places, here: Places) -> None:
        """Follow the pairs that begin a run to its end, and keep the longest of each text."""
        before = np.where((there > 0) & (here > 0), self._words[here - 1], _BORDER)
        begins = (before < 0) | (ids[there - 1] != before)
        there, here = there[begins], here[begins]
        lengths = _lengths(ids, there, self._words, here)
        owners = np.searchsorted(self._starts, here, side="right") - 1
        for owner in np.unique(owners):
            own = np.flatnonzero(owners == owner)
            longest = own[np.argmax(lengths[own])]
            run = FoundRun(
                text=int(owner),
                word=int(here[longest] - self._starts[owner]),
                source=name,
                source_word=int(there[longest]),
                length=int(lengths[longest]),
            )
            known = self._best.get(run.text, replace(run, length=self._least - 1))
            if (run.length, -run.word) > (known.length, -known.word) and run.length >= self._least:
                self._best[run.text] = run


def _whole(ids: Ids, n: int) -> NDArray[np.bool_]:
    """For each n-gram, whether all its words can match."""
    if len(ids) < n:
        return np.empty(0, bool)
    blank = np.concatenate(([0], np.cumsum(ids < 0)))
    whole: NDArray[np.bool_] = blank[n:] == blank[:-n]
    return whole


def _hashes(ids: Ids, n: int) -> Hashes:
    """A hash of each n-gram."""
    size = max(0, len(ids) - n + 1)
    hashes = np.zeros(size, np.uint64)
    words = ids.astype(np.uint64)
    for offset in range(n if size else 0):
        hashes = (hashes ^ words[offset : offset + size]) * _ODD
        hashes ^= hashes >> np.uint64(29)
    return hashes


def _lengths(first: Ids, at: Places, second: Ids, places: Places) -> Places:
    """How many words two sequences have in common from each pair of places on."""
    lengths = np.zeros(len(at), np.int64)
    going = np.arange(len(at))
    while len(going):
        i, j = at[going] + lengths[going], places[going] + lengths[going]
        inside = (i < len(first)) & (j < len(second))
        going, i, j = going[inside], i[inside], j[inside]
        going = going[(first[i] == second[j]) & (first[i] >= 0)]
        lengths[going] += 1
    return lengths
