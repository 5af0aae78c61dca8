"""Are the quotation marks of each paragraph in balance?

A speech of several paragraphs opens anew in each and closes in the last, so a paragraph may
leave its speech open when the next one opens with a mark, and the scene's last paragraph may
when the one before did. Single marks are judged only where they carry the speeches, because an
apostrophe looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

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
    faults = evidence(
        _faults(scene.text.paragraphs, _readers(scene.text.quotes, scene.prose, scene.english))
    )
    if not faults:
        return None
    return Flaw(
        message="Quotation marks are out of balance.",
        evidence=faults,
        constraint=CLOSE_SPEECHES,
    )


Reader = Callable[[str], Left]


def _readers(style: QuoteStyle | None, prose: str, english: bool) -> list[Reader]:
    readers: list[Reader] = [_straight]
    if style is LOW:
        readers.append(lambda p: _paired(p, LOW))
    elif "“" in prose or (english and "”" in prose):
        readers.append(lambda p: _paired(p, CURLY))
    if style is SINGLE or style is STRAIGHT_SINGLE:
        readers.append(lambda p: _single(p, style))
    return readers


def _faults(paragraphs: list[str], readers: list[Reader]) -> Iterator[str]:
    for read in readers:
        was_open = False
        for number, paragraph in enumerate(paragraphs):
            is_open, fault = read(paragraph)
            if fault:
                yield fault
            elif is_open and not _may_stay_open(paragraphs, number, was_open):
                yield quote(paragraph, end=True)
            was_open = is_open


def _may_stay_open(paragraphs: list[str], number: int, was_open: bool) -> bool:
    if paragraphs[number].endswith(":"):  # verse or a letter follows inside the speech
        return True
    if number + 1 < len(paragraphs):
        return _OPENS_WITH_MARK.match(paragraphs[number + 1]) is not None
    return was_open


def _straight(paragraph: str) -> Left:
    marks = paragraph.count('"')
    if marks % 2 and (marks - len(_INCHES.findall(paragraph))) % 2:
        return True, ""
    return SOUND


def _paired(paragraph: str, style: QuoteStyle) -> Left:
    opens = {m.start() for m in style.opening.finditer(paragraph)}
    closes = {m.start() for m in style.closing.finditer(paragraph)}
    depth, anew = 0, 0
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


def _single(paragraph: str, style: QuoteStyle) -> Left:
    opens = len(style.opening.findall(paragraph))
    sure = len(style.closing.findall(paragraph))
    if sure > opens:
        return False, quote(paragraph, end=True)
    return opens > len(_ANY_SINGLE_CLOSE.findall(paragraph)), ""
