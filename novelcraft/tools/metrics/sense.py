"""Tell a sensible short answer from an echo. Pure.

A small model under a schema gives strings that are valid and say nothing: the premise again,
the line before again, numbers, or the words of the question. The measures are deliberately
blunt; what they let through may still be dull, what they stop is of no use to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from novelcraft.state.manuscript import count_words

MIN_WORDS = 4
MIN_DISTINCT = 0.6
"""Least share of distinct words in a line."""
MAX_OVERLAP = 0.5
"""Largest Jaccard overlap of content words with another line."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SHORT = 3
MIN_STEMS = 0.35
"""Least share of distinct beginnings of words in a longer text; prose of 100 words has 0.6."""
_STEM = 4
_LOOP = 8
"""Words from which a text can be told to loop."""
_TALK = re.compile(
    r"\b(beats?|scenes?|chapters?|outcome|turn|the story|this story|a story|novel|"
    r"json|[a-z]+_[a-z0-9_]+)\b|[{}:]|\d[\d, .]{5,}",
    re.IGNORECASE,
)


def content_words(text: str) -> set[str]:
    """The words of a line that carry meaning: longer than three letters, folded."""
    return {w.casefold() for w in _WORD.findall(text) if len(w) > _SHORT}


def overlap(one: str, other: str) -> float:
    """Jaccard overlap of the content words of two lines, 0 to 1."""
    a, b = content_words(one), content_words(other)
    return len(a & b) / len(a | b) if a | b else 0.0


def loops(text: str) -> bool:
    """Whether a text says a few words, or the beginning of one word, over and over."""
    words = [w.casefold() for w in _WORD.findall(text)]
    stems = {w[:_STEM] for w in words}
    return len(words) >= _LOOP and len(stems) < MIN_STEMS * len(words)


def says_something(text: str, known: Iterable[str] = ()) -> bool:
    """Whether a short line has words of its own: neither a loop, nor a number, nor what is known.

    Args:
        text: A few words or a sentence.
        known: What it must add something to, for example a name.
    """
    own = content_words(text).difference(*(content_words(line) for line in known))
    return bool(own) and not loops(text)


def is_sensible(text: str, others: Iterable[str] = (), *, min_words: int = MIN_WORDS) -> bool:
    """Whether a line says something of its own.

    Args:
        text: The line.
        others: Lines that it must not echo: the premise, the answers before it.
        min_words: Least number of words.

    Returns:
        False for a line that is too short, repeats a few words, talks about scenes and
        chapters instead of the story, or echoes one of the others.
    """
    words = [w.casefold() for w in _WORD.findall(text)]
    if count_words(" ".join(words)) < min_words or len(set(words)) < MIN_DISTINCT * len(words):
        return False
    if _TALK.search(text):
        return False
    return all(overlap(text, other) <= MAX_OVERLAP for other in others)
