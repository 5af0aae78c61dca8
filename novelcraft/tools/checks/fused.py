"""Words that have run together, with or without a punctuation mark between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from novelcraft.state.findings import Finding
from novelcraft.tools.checks.base import CheckInput, evidence

_MISSING_SPACE = re.compile(
    r"""
    [^\W\d_]+[.!?,;]["“”][^\W\d_]+                # end."The
  | [^\W\d_]+["“][^\W\d_]+                        # said"Hello
  | (?<![\w./@:-])[a-zß-öø-ÿ]{2,}[.][A-ZÀ-Þ][a-zß-öø-ÿ]+   # end.The
  | (?<![\w./@:-])[a-zß-öø-ÿ]{2,}[!?,;:][^\W\d_]{2,}       # end,the
  | (?<!\w)[a-zß-öø-ÿ]{3,}[A-ZÀ-Þ][a-zß-öø-ÿ]{2,}          # endThe
    """,
    re.VERBOSE,
)

_GLUE = ("the", "and", "was")
"""Small words that no English word begins or ends with before or after a noun of five letters."""

_LONGEST = 30
"""Letters of an English word; longer ones are several."""


def fused(scene: CheckInput) -> list[Finding]:
    """Missing spaces: `end.The`, `said"Hello`, `lighthouseThe`, `thelighthouse`."""
    found = [m.group() for m in _MISSING_SPACE.finditer(scene.prose)]
    if scene.english:
        found += _glued(scene)
    if not found:
        return []
    return [
        Finding(
            check="prose.fused",
            severity="block",
            message="Words have run together.",
            evidence=evidence(found),
            constraint="Put a space between words and after every punctuation mark.",
        )
    ]


def _glued(scene: CheckInput) -> Iterator[str]:
    known = {w for w in scene.text.words if len(w) >= 5}
    plain = re.findall(r"[^\W\d_]{8,}", scene.prose)
    for word in plain:
        low = word.casefold()
        if len(word) >= _LONGEST or any(
            (low.startswith(g) and low[len(g) :] in known)
            or (low.endswith(g) and low[: -len(g)] in known)
            for g in _GLUE
        ):
            yield word
