"""How long a draft is while it grows, and where it ends. Every character is read once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from novelcraft.config.presets import SizePreset
from novelcraft.state.manuscript import count_words

HARD_STOP = 1.3
"""Share of the upper length at which a draft is ended at a sentence, paragraph or not."""

LONGEST = 2.0
"""Share of the upper length at which a draft is ended wherever it is."""

WORD_CHARS = 16
"""Characters of a word, with its blank and marks, in any language, on average and at most."""

_SPARE = 1.2
"""Of the bound on tokens, so that a draft is ended by its words and not by that bound."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)*]*(?=\s|$)|[。！？][」』”’）]*")
_STEP = re.compile(r"[^\s。！？]*+[。！？]+[」』”’）]*|\S+|\n")
"""A run without a blank, or a sentence of those that have none between them; or a line's end."""
_KNOWN_AGAIN = 24
"""Characters by which a text is known to be the one that was read so far."""


def cut_at_sentence(text: str) -> str:
    """The text without a half sentence at its end; empty when it holds no whole one."""
    end = 0
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
    return text[:end].rstrip()


@dataclass(frozen=True)
class LengthRule:
    """When a draft is long enough, and when it is to be carried on. Counts are words."""

    least: int
    """Below this a draft is no scene."""
    low: int
    """Below this a draft that stops is carried on."""
    high: int
    """From here on it ends at the next paragraph's end."""

    @classmethod
    def of(cls, preset: SizePreset, target_words: int) -> LengthRule:
        """The preset's rule for a scene of that length."""
        return cls(
            math.ceil(target_words * preset.length_block[0]),
            round(target_words * preset.length_low),
            round(target_words * preset.length_high),
        )

    @property
    def hard(self) -> float:
        """From here on it ends at its last sentence's end."""
        return self.high * HARD_STOP

    @property
    def most_chars(self) -> int:
        """Here it ends wherever it is, words or not."""
        return math.ceil(self.high * LONGEST * WORD_CHARS)

    def tokens(self, tokens_per_word: float) -> int:
        """Tokens that a draft may take by this rule, for a model with so many a word."""
        return math.ceil(self.hard * tokens_per_word * _SPARE)


@dataclass(frozen=True)
class Cut:
    """Where a draft is ended."""

    text: str
    whole: bool
    """Whether it ends with a sentence; if not, it had to be ended all the same."""


class GrowingDraft:
    """A draft as it comes, and the place where its rule ends it.

    The place depends on the text alone, not on the pieces in which it came.
    """

    def __init__(self, rule: LengthRule) -> None:
        self._rule = rule
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._words = 0
        self._at = 0
        """Where reading goes on."""
        self._seen = ""
        """What stands before that place."""
        self._run_end = 0
        """End of the last run of characters without a blank."""
        self._run_is_whole = False
        """Whether that run ends a sentence."""
        self._sentence_end = 0
        self._words_in_sentences = 0

    def read(self, text: str) -> Cut | None:
        """Read what is new in the draft.

        Args:
            text: The whole draft so far, usually up to a blank. Where it does not begin with
                what was read before, it is read from its beginning.

        Returns:
            Where it ends, or None while it may go on: the first paragraph's end at or above
            `high` words; or, in a paragraph that does not end, the last sentence's end at the
            hard stop; or, without sentences, the greatest length.
        """
        if not text.startswith(self._seen, self._at - len(self._seen)):
            self._begin_anew()
        for step in _STEP.finditer(text, self._at):
            if step.end() > self._rule.most_chars:
                break
            if step.end() == len(text) and step[0] != "\n":
                self._remember(text, step.start())  # its end is still to come
                break
            cut = self._newline(text) if step[0] == "\n" else self._run(text, *step.span())
            if cut is not None:
                return cut
        else:
            self._remember(text, len(text))
        if len(text) >= self._rule.most_chars:
            return Cut(text[: self._rule.most_chars], whole=False)
        return None

    def _remember(self, text: str, at: int) -> None:
        self._at, self._seen = at, text[max(0, at - _KNOWN_AGAIN) : at]

    def _newline(self, text: str) -> Cut | None:
        if self._words >= self._rule.high and self._run_is_whole:
            return Cut(text[: self._run_end], whole=True)
        return None

    def _run(self, text: str, start: int, end: int) -> Cut | None:
        self._words += count_words(text[start:end])
        self._run_end, self._run_is_whole = end, False
        for match in _SENTENCE_END.finditer(text, start, end):
            self._sentence_end, self._words_in_sentences = match.end(), self._words
            self._run_is_whole = match.end() == end
        if self._words >= self._rule.hard and self._words_in_sentences >= self._rule.least:
            return Cut(text[: self._sentence_end], whole=True)
        if self._words >= self._rule.high * LONGEST:
            return Cut(text[:end], whole=False)
        return None
