"""Are the quotation marks of each paragraph in balance?

A speech of several paragraphs opens anew in each and closes in the last, so a paragraph may
leave its speech open when the next one opens with a mark, and the scene's last paragraph may
when the one before did. The lines of a verse, which no blank line parts, are one speech with or
without a mark at the beginning of each. Single marks are judged only where they carry the
speeches, because an apostrophe looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from novelcraft.tools.checks.base import QUOTE_CHARS, CheckInput, Flaw, evidence, quote
from novelcraft.tools.metrics.dialogue import CURLY, LOW, SINGLE, STRAIGHT_SINGLE, QuoteStyle

CLOSE_SPEECHES = "Open and close every speech with its quotation marks."

_OPENS_WITH_MARK = re.compile(r"[\s(\[*_—–-]*[“„\"‘'«]")
_INCHES = re.compile(r"(?<=\d)\"")
_ANY_SINGLE_CLOSE = re.compile(r"(?<=\S)['’](?![^\W_])")

_PAUSES = ".,;:!?…—–"
"""Before a mark that opens a speech anew. Elsewhere one inside a speech quotes a title or a word,
which should have marks of another kind, but in published novels has not always."""

Left = tuple[bool, str]
"""Whether a paragraph leaves a speech open, and its fault otherwise, as a quote."""

SOUND: Left = (False, "")


def quotes(scene: CheckInput) -> Flaw | None:
    """Quotation marks that open and do not close, or close and never opened."""
    readers = _readers(scene.text.quotes, scene.prose, scene.english)
    faults = evidence(_faults(_lines(scene.prose), readers))
    if not faults:
        return None
    return Flaw(
        message="Quotation marks are out of balance.",
        evidence=faults,
        constraint=CLOSE_SPEECHES,
    )


class Line(NamedTuple):
    """A line with words: a paragraph, or a line of a verse."""

    text: str
    goes_on: bool
    """It belongs to the same paragraph as the line before."""


Reader = Callable[[str, bool], Left]
"""Reads a line, and is told whether a speech is open at its beginning."""


def _lines(prose: str) -> list[Line]:
    lines = [line.strip() for line in prose.strip().splitlines()]
    parted = "" in lines
    return [
        Line(line, parted and number > 0 and lines[number - 1] != "")
        for number, line in enumerate(lines)
        if line
    ]


def _readers(style: QuoteStyle | None, prose: str, english: bool) -> list[Reader]:
    readers: list[Reader] = [_straight]
    if style is LOW:
        readers.append(lambda line, is_open: _paired(line, is_open, LOW))
    elif "“" in prose or (english and "”" in prose):
        readers.append(lambda line, is_open: _paired(line, is_open, CURLY))
    if style is SINGLE or style is STRAIGHT_SINGLE:
        readers.append(lambda line, is_open: _single(line, is_open, style))
    return readers


def _faults(lines: list[Line], readers: list[Reader]) -> Iterator[str]:
    for read in readers:
        was_open = False
        for number, line in enumerate(lines):
            in_speech = was_open and line.goes_on and not _OPENS_WITH_MARK.match(line.text)
            is_open, fault = read(line.text, in_speech)
            if fault:
                yield fault
            elif is_open and not _may_stay_open(lines, number, was_open):
                yield quote(line.text, end=True)
            was_open = is_open


def _may_stay_open(lines: list[Line], number: int, was_open: bool) -> bool:
    if lines[number].text.endswith(":"):  # verse or a letter follows inside the speech
        return True
    if number + 1 < len(lines):
        after = lines[number + 1]
        return after.goes_on or _OPENS_WITH_MARK.match(after.text) is not None
    return was_open and not lines[number].goes_on


def _straight(paragraph: str, is_open: bool) -> Left:
    marks = paragraph.count('"') + is_open
    if marks % 2 and (marks - len(_INCHES.findall(paragraph))) % 2:
        return True, ""
    return SOUND


def _paired(paragraph: str, is_open: bool, style: QuoteStyle) -> Left:
    opens = {m.start() for m in style.opening.finditer(paragraph)}
    closes = {m.start() for m in style.closing.finditer(paragraph)}
    depth, anew = int(is_open), 0
    for at in sorted(opens | closes):
        if at in opens:
            if depth and _after_pause(paragraph, at):
                anew = at + 1
            depth += 1
        elif depth:
            depth -= 1
        else:
            return False, _quote_before(paragraph, at + 1)
    return (depth > 0, _quote_before(paragraph, anew) if depth and anew else "")


def _after_pause(paragraph: str, at: int) -> bool:
    while at and paragraph[at - 1].isspace():
        at -= 1
    return at > 0 and paragraph[at - 1] in _PAUSES


def _quote_before(paragraph: str, end: int) -> str:
    return quote(paragraph[max(0, end - 2 * QUOTE_CHARS) : end], end=True)


def _single(paragraph: str, is_open: bool, style: QuoteStyle) -> Left:
    opens = len(style.opening.findall(paragraph)) + is_open
    sure = len(style.closing.findall(paragraph))
    if sure > opens:
        return False, quote(paragraph, end=True)
    return opens > len(_ANY_SINGLE_CLOSE.findall(paragraph)), ""
