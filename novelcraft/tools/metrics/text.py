"""Cut prose into paragraphs, sentences and words.

The pieces are substrings of the text, so that they can be quoted verbatim as evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from novelcraft.state.manuscript import WORD, count_words
from novelcraft.tools.metrics.dialogue import QuoteStyle, narration, quote_style

_SENTENCE_END = re.compile(
    r"""(?:(?<![.!?…])[.!?…]+["'”’)\]»«*_]*(?=\s+(?![a-zß-öø-ÿ])|$)|[。！？]+[」』”’]*)""",
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Rev|Hon|Capt|Col|Gen|Lieut|Lt|Sgt|Messrs|Mme|Mlle|No|vs|etc)"
    r"|\b[A-Z])\.$"
)
"""A full stop after one of these ends no sentence, nor does one after an initial."""

_ABBREVIATION = 8
"""Characters in which such an end is looked for: the longest, its full stop, what stands before."""


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: its lines that are not blank, stripped."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph, stripped; the last one may lack its end."""
    found, start = [], 0
    for match in _SENTENCE_END.finditer(paragraph):
        if not _ABBREVIATED.search(paragraph, max(start, match.end() - _ABBREVIATION), match.end()):
            found.append(paragraph[start : match.end()].strip())
            start = match.end()
    found.append(paragraph[start:].strip())
    return [s for s in found if s]


def words(text: str) -> list[str]:
    """The words of a text, case-folded, with one form of apostrophe.

    There are as many as `count_words` counts, but for Chinese and Japanese: there a stretch between
    two stops is compared as one, and counted by its characters.
    """
    return [w.casefold() for w in WORD.findall(text.replace("’", "'"))]


def spread(text: str, first: int, last: int) -> str:
    """The part of a text from its word number `first` up to and with `last`, verbatim."""
    return Prose(text).spread(first, last)


@dataclass(frozen=True)
class Prose:
    """A text and its pieces, each cut once, when first asked for."""

    text: str

    @cached_property
    def paragraphs(self) -> list[str]:
        """See `paragraphs`."""
        return paragraphs(self.text)

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences of all paragraphs, in order."""
        return [s for p in self.paragraphs for s in sentences(p)]

    @cached_property
    def words(self) -> list[str]:
        """See `words`."""
        return words(self.text)

    @cached_property
    def word_count(self) -> int:
        """See `count_words`."""
        return count_words(self.text)

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        return [m.span() for m in WORD.finditer(self.text)]

    def spread(self, first: int, last: int) -> str:
        """The part from word number `first` up to and with `last`, verbatim."""
        return self.text[self._spans[first][0] : self._spans[last][1]]

    @cached_property
    def quotes(self) -> QuoteStyle | None:
        """The quotation marks of its speeches, None when there are none."""
        return quote_style(self.text)

    @cached_property
    def narration(self) -> list[str]:
        """What stands outside its speeches: verbatim pieces, in order."""
        return [n for p in self.paragraphs for n in narration(p, self.quotes)]

    @cached_property
    def narrated_sentences(self) -> list[str]:
        """The sentences of the narration."""
        return [s for n in self.narration for s in sentences(n)]
