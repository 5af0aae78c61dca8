"""Proof that cleaning lost no word: narrative, reference and drops against the raw text."""

from __future__ import annotations

import re
from collections import Counter

from novelcraft.state.manuscript import WORD
from novelcraft.tools.books.cleaning.chapters import split_chapters
from novelcraft.tools.books.cleaning.clean import CleanBook
from novelcraft.tools.books.cleaning.inline import visible

_OWN_HEADER = re.compile(r"^# .*$", re.MULTILINE)
_BETWEEN_BLOCKS = re.compile(r"\n\s*\n")


def word_counts(text: str) -> Counter[str]:
    """How often each word occurs, without regard to case and the form of apostrophes."""
    return Counter(word.casefold().replace("’", "'") for word in WORD.findall(text))


def raw_words(raw: str) -> Counter[str]:
    """The words of a raw text that a reader sees: no tags, no link targets."""
    return word_counts("\n".join(visible(block) for block in _BETWEEN_BLOCKS.split(raw)))


def clean_words(book: CleanBook) -> Counter[str]:
    """The words of a cleaned book, wherever they went; headers that cleaning wrote are none."""
    chapters = split_chapters(book.narrative)
    counts = word_counts("\n".join(f"{chapter.title}\n{chapter.text}" for chapter in chapters))
    counts += word_counts(_OWN_HEADER.sub("", book.reference))
    return counts + word_counts("\n".join(drop.text for drop in book.drops))


def unaccounted(raw: str, book: CleanBook) -> tuple[Counter[str], Counter[str]]:
    """Words of the raw text that are nowhere, and words that are somewhere and were not in it.

    Both are empty for a book as `clean` gives it.
    """
    before, after = raw_words(raw), clean_words(book)
    return before - after, after - before
