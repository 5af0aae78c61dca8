"""Find the longest runs of words that texts share with a large body of text.

The texts are indexed by hashes of their n-grams, and the body is read once, text by text, so that
memory grows with the texts and the largest single source, not with the body: ten million words
of sources of 200,000 words take a few megabytes. Every hit is compared word by word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from novelcraft.tools.metrics.shingles import BORDER, Ids, Places, ShingleIndex

LEAST = 8
"""Words of the shortest run that is looked for. Shorter ones are turns of phrase."""

_WORD = re.compile(r"[^\W_]+(?:['’ʼ\u00ad\u2060\u0300-\u036f]+[^\W_]+|[\u0300-\u036f]+)*")
"""Hyphens part words, since editions differ in them."""
_SILENT = re.compile(r"['’ʼ\u00ad\u2060]")


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
    """In words, with those that the prompt quotes."""
    own: int
    """How many of them the prompt does not quote."""


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


NAME = "\N{BULLET}"
"""Stands for a person's or place's name among `named_words`; no word is written so."""

_SENTENCE = re.compile(r"(?:^|[.!?…:\n])[\s\"'“”‘’(\[*_—–-]*$")
"""What stands before a sentence's first word."""


def named_words(text: str) -> list[tuple[str, int]]:
    """The words of a text with every name made one, each with its number among `match_words`.

    A name is a word that has a capital wherever it stands, and stands inside a sentence at least
    once; several in a row are one.
    """
    matches = list(_WORD.finditer(text))
    words = [_folded(match.group()) for match in matches]
    small = {w for w, m in zip(words, matches, strict=True) if not m.group()[0].isupper()}
    inside = {
        w
        for w, m in zip(words, matches, strict=True)
        if m.group()[0].isupper() and not _SENTENCE.search(text[max(0, m.start() - 8) : m.start()])
    }
    names = inside - small - {"i"}
    marked = [NAME if word in names else word for word in words]
    return [
        (word, number)
        for number, word in enumerate(marked)
        if word != NAME or number == 0 or marked[number - 1] != NAME
    ]


class VerbatimSearch:
    """Texts, and the longest run of each that has been found so far.

    Args:
        texts: Where to look for runs.
        least: Words of the shortest run to look for.
        told: For each text the numbers of its words that count for nothing, as they are quoted
            from its prompt: a run goes on through them.
    """

    def __init__(
        self, texts: Sequence[str], least: int = LEAST, told: Sequence[Sequence[int]] = ()
    ) -> None:
        self._least = least
        self._index = ShingleIndex([match_words(text) for text in texts], least)
        self._own = self._index.words >= 0
        for start, numbers in zip(self._index.starts, told, strict=False):
            self._own[start + np.array(numbers, np.int64)] = False
        self._owned = np.concatenate(([0], np.cumsum(self._own)))
        self._best: dict[int, FoundRun] = {}
        self._copied = np.zeros(len(self._index.words), bool)
        self.words = 0
        """Words of the body so far."""

    def add(self, name: str, source: str) -> None:
        """Read one text of the body. Runs do not reach from one source into the next."""
        ids = self._index.encode(_folded(match.group()) for match in _WORD.finditer(source))
        self.words += len(ids)
        for there, here in self._index.pairs(ids):
            for offset in range(self._least):
                self._copied[here + offset] = True
            self._keep(name, ids, there, here)

    def longest(self) -> list[FoundRun]:
        """The run of each text with the most own words, the first of several; the longest first."""
        return sorted(self._best.values(), key=lambda run: (-run.own, run.text))

    def share(self) -> float:
        """The share of the texts' own words that lie in runs of the body, 0 to 1."""
        return float((self._copied & self._own).sum()) / max(1, int(self._own.sum()))

    def _keep(self, name: str, ids: Ids, there: Places, here: Places) -> None:
        """Follow the pairs that begin a run to its end, and keep the longest of each text."""
        words = self._index.words
        before = np.where((there > 0) & (here > 0), words[here - 1], BORDER)
        begins = (before < 0) | (ids[there - 1] != before)
        there, here = there[begins], here[begins]
        lengths = _lengths(ids, there, words, here)
        owned = self._owned[here + lengths] - self._owned[here]
        owners = self._index.owners(here)
        for owner in np.unique(owners):
            own = np.flatnonzero(owners == owner)
            longest = own[np.argmax(owned[own])]
            run = FoundRun(
                text=int(owner),
                word=int(here[longest] - self._index.starts[owner]),
                source=name,
                source_word=int(there[longest]),
                length=int(lengths[longest]),
                own=int(owned[longest]),
            )
            known = self._best.get(run.text, replace(run, own=self._least - 1))
            if (run.own, -run.word) > (known.own, -known.word) and run.own >= self._least:
                self._best[run.text] = run


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
