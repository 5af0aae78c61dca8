"""Tell speech from narration by its quotation marks.

An apostrophe is no quotation mark: a single mark opens only where no letter precedes it, and
closes only after a punctuation mark and where no letter follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class QuoteStyle:
    """A pair of marks that speech stands in."""

    name: str
    opening: re.Pattern[str]
    """Matches a mark that opens a speech."""
    closing: re.Pattern[str]
    """Matches a mark that closes a speech."""
    speech: re.Pattern[str]
    """Matches a speech, to the text's end where it is not closed."""


def _style(name: str, opening: str, closing: str, speech: str = "") -> QuoteStyle:
    speech = speech or rf"{opening}.*?(?:{closing}|$)"
    return QuoteStyle(name, re.compile(opening), re.compile(closing), re.compile(speech, re.DOTALL))


_ELIDED = r"(?!(?i:tis|twas|twere|twould|em|im|er|cause|bout|round|til|till|neath|gainst|n)\b)"
_SINGLE_CLOSE = r"(?<=[^\w\s]){}(?![^\W_])"

LOW = _style("low", "„", "[“”]")
_DOUBLE = r"“.*?(?:”|$)|\".*?(?:\"|$)"
"""Models mix curly and straight marks in one text, so both hold speech where either does."""
CURLY = _style("curly", "“", "”", _DOUBLE)
STRAIGHT = _style("straight", '"', '"', _DOUBLE)
SINGLE = _style("single", r"(?<![^\W_])‘(?=\S)", _SINGLE_CLOSE.format("’"))
STRAIGHT_SINGLE = _style(
    "straight single", rf"(?<![^\s(—–-])'{_ELIDED}(?=[^\W\d_])", _SINGLE_CLOSE.format("'")
)
GUILLEMETS = _style("guillemets", "«", "»")
CORNER = _style("corner", "「", "」")

STYLES = (LOW, CURLY, STRAIGHT, SINGLE, STRAIGHT_SINGLE, GUILLEMETS, CORNER)


def quote_style(text: str) -> QuoteStyle | None:
    """The marks that a text's speeches stand in.

    Args:
        text: A scene or more.

    Returns:
        The style that opens most often, the earlier in `STYLES` where two are level; None where
        nothing is quoted. The marks of quotations within speeches are rarer and so lose.
    """
    counts = {s.name: len(s.opening.findall(text)) for s in STYLES}
    counts[STRAIGHT.name] = (counts[STRAIGHT.name] + 1) // 2  # one mark both opens and closes
    best = max(STYLES, key=lambda s: counts[s.name])
    return best if counts[best.name] else None


def narration(paragraph: str, style: QuoteStyle | None) -> list[str]:
    """What a paragraph holds outside its speeches: verbatim pieces, stripped, in order."""
    pieces = style.speech.split(paragraph) if style else [paragraph]
    return [p.strip() for p in pieces if p.strip()]
