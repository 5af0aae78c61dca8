"""Does a text name somebody?"""

from __future__ import annotations

import re

_NO_NAMES = frozenset({
    "mr", "mrs", "miss", "ms", "dr", "sir", "lady", "lord", "captain", "colonel", "major",
    "general", "sergeant", "doctor", "father", "mother", "brother", "sister", "uncle", "aunt",
    "king", "queen", "prince", "princess", "professor", "reverend", "judge", "inspector", "old",
    "young", "the", "of", "de", "la", "le", "du", "van", "von", "der", "den", "al", "el", "bin",
    "ibn", "da", "di", "dos", "y", "and",
})  # fmt: skip
"""Parts of a name that name nobody alone."""


def named(name: str, text: str, *, english: bool = True) -> bool:
    """Whether a text names a person: by the full name, or by a part of it that is no title.

    Args:
        name: The name as it stands in the cast.
        text: Where to look.
        english: Whether the text is English. Other languages decline names, so there a part
            counts without its last letter.
    """
    parts = [p for p in name.split() if p.strip(".").casefold() not in _NO_NAMES]
    ways = [name, *parts]
    if english:
        return any(re.search(rf"(?<!\w){re.escape(way)}(?!\w)", text) for way in ways)
    return any((way if len(way) < 4 else way[:-1]) in text for way in ways)
