"""Words that have run together, with or without a punctuation mark between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from novelcraft.tools.checks.base import CheckInput, Flaw, evidence

_LOWER = "[a-zß-öø-ÿ]"
_LETTER = r"[^\W\d_]"
_START = rf"(?<!{_LETTER})"
"""A run of letters is tried from its first one only: from each, a long run would take hours."""

_STARTERS = (
    "The|He|She|They|It|His|Her|Their|But|And|When|Then|There|This|That|We|You|What|Now|With"
)

_MISSING_SPACE = re.compile(
    rf"""
    {_START}{_LETTER}+[.!?,;]["“”]{_LETTER}+                      # end."The
  | {_START}{_LETTER}+["“]{_LETTER}+                              # said"Hello
  | (?<![\w./@:]){_LETTER}*{_LOWER}{{2}}[.][A-ZÀ-Þ]{_LOWER}+      # end.The
  | (?<![\w./@:]){_LETTER}*{_LOWER}{{2}}[!?,;:]{_LETTER}{{2,}}     # end,the
  | (?<!\w){_LOWER}{{3,}}[A-ZÀ-Þ]{_LOWER}{{2,}}                    # endOnce
  | (?<!\w){_LETTER}*{_LOWER}{{2}}(?:{_STARTERS})\b               # RiverThe
    """,
    re.VERBOSE,
)

_GLUE = ("the", "and", "was")
"""Small words that no English word begins or ends with before or after a noun of five letters."""

_WHOLE = frozenset({"therapist", "therapists"})
"""Words that only look glued."""

_AFTER_CONTRACTION = re.compile(r"(?<![A-Za-z])[A-Za-z]+['’](?:s|m|re|ve|ll)[a-z]{4,}")
"""`It'sjust`. Sailors' words (fo'c'sle) go on with fewer letters."""

_LONGEST = 30
"""Letters of an English word; longer ones are several."""


def fused(scene: CheckInput) -> Flaw | None:
    """Missing spaces: `end.The`, `said"Hello`, `lighthouseThe`, `thelighthouse`."""
    found = [m.group() for m in _MISSING_SPACE.finditer(scene.prose)]
    if scene.english:
        found += [m.group() for m in _AFTER_CONTRACTION.finditer(scene.prose)]
        found += _glued(scene)
    if not found:
        return None
    return Flaw(
        message="Words have run together.",
        evidence=evidence(found),
        constraint="Put a space between words and after every punctuation mark.",
    )


def _glued(scene: CheckInput) -> Iterator[str]:
    known = {w for w in scene.text.words if len(w) >= 5}
    plain = re.findall(r"[^\W\d_]{8,}", scene.prose)
    for word in plain:
        low = word.casefold()
        if low in _WHOLE:
            continue
        if len(word) >= _LONGEST or any(
            (low.startswith(g) and low[len(g) :] in known)
            or (low.endswith(g) and low[: -len(g)] in known)
            for g in _GLUE
        ):
            yield word
