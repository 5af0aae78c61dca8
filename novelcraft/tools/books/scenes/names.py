"""Names that occur in a text, found by how they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_RUN = re.compile(r"(?<![.!?…:“”\"'‘’—*_]\s)(?<![“\"'‘—*_\n])\b[A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+)*")
_LOWER = re.compile(r"\b[a-zà-ÿ]+\b")
_LEAST = 3
"""Times that a name occurs, inside of sentences."""
_TITLES = frozenset(("Mr", "Mrs", "Miss", "Ms", "Dr", "Sir", "Lady", "Lord", "Chapter"))


def frequent_names(text: str, most: int) -> tuple[str, ...]:
    """Capitalised words, and runs of them, that stand inside sentences; the most frequent first.

    Words that the text also has in lower case are no names. Made for languages that capitalise
    names and nothing else; for others it finds little or too much, and is a hint in any case.

    Args:
        text: The text.
        most: The most names to return.
    """
    lower = Counter(_LOWER.findall(text))
    found = Counter(
        run for run in _RUN.findall(text) if run not in _TITLES and not lower[run.lower()]
    )
    ranked = sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(name for name, times in ranked if times >= _LEAST)[:most]


def occurs(name: str, text: str) -> bool:
    """Whether a person of that name is named in a text, by any part of the name but a title."""
    parts = [part for part in name.split() if part.rstrip(".") not in _TITLES and len(part) > 1]
    return any(re.search(rf"\b{re.escape(part)}\b", text) for part in parts or [name])


def as_written(name: str, text: str) -> str:
    """A name as a text has it: whole, or the longest part of it that is there; else empty."""
    parts = name.split()
    for length in range(len(parts), 0, -1):
        for first in range(len(parts) - length + 1):
            part = " ".join(parts[first : first + length])
            if part.rstrip(".") not in _TITLES and re.search(rf"\b{re.escape(part)}\b", text):
                return part
    return ""


def named_in(names: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of the names that occur in a text, in the order given."""
    return tuple(name for name in names if occurs(name, text))
