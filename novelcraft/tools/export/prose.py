"""Model prose as Markdown that shows those very words, and never becomes markup by accident.

Prose comes as plain text, with paragraphs on lines of their own. The one markup that a novelist
means is emphasis: `*like this*`, or `**like this**`. Every other character that some reader of
Markdown (CommonMark, GitHub, Pandoc) could take for markup is escaped with a backslash.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from novelcraft.tools.text import clean

SCENE_BREAK = "* * *"
"""A scene break, on a line of its own: Markdown's thematic break."""

_BLANKS = re.compile(r"[ \t]+")
_INVISIBLE = "\u200b\u200c\u200d\u2060"

_BREAK_LINE = re.compile(r"([*\-_=~#•·◆✦—–])(?:\s*\1){2,}|[#⁂❦❧]")
"""A line that only separates: three or more of one ornament, or a single hash or asterism."""

_EMPHASIS = re.compile(r"(?<!\*)(\*{1,2})(?=[^\s*])([^*]*[^\s*])\1(?!\*)")

_ANYWHERE = re.compile(r"[\\`*_\[\]<>&$~^|@{}]")
_COLON = re.compile(r":(?=//|[\w+-]+:)")
"""A colon that would start an emoji's short name, or make a bare URL a link."""
_WWW = re.compile(r"www\.", re.IGNORECASE)
_LINE_START = re.compile(r"\A(?:[#:%=]|[-+](?=\s|[-=+\s]*$|[-=]+\+))")
_LIST_START = re.compile(r"\A(\(?(?:\d+|[^\W\d_]|[ivxlcdm]+|[IVXLCDM]+))([.)])(?=\s|$)")


def escape(text: str) -> str:
    """Escape a clean line, so that it stands for itself anywhere but at a paragraph's start."""
    text = _ANYWHERE.sub(r"\\\g<0>", text)
    return _WWW.sub(lambda match: match[0][:-1] + "\\.", _COLON.sub(r"\\:", text))


def paragraphs(prose: str) -> Iterator[str]:
    """The paragraphs of a scene as Markdown, with `SCENE_BREAK` for breaks within it.

    A paragraph ends at a line's end, whether or not a blank line follows. Breaks at the scene's
    own start or end, and breaks in a row, are left out: its neighbours bring their own.
    """
    pending = started = False
    for line in clean(prose).splitlines():
        line = _BLANKS.sub(" ", line).strip().strip(_INVISIBLE).strip()
        if not line:
            continue
        if _BREAK_LINE.fullmatch(line):
            pending = started
            continue
        if pending:
            yield SCENE_BREAK
        yield _paragraph(line)
        pending, started = False, True


def _paragraph(line: str) -> str:
    parts, end = [], 0
    for match in _EMPHASIS.finditer(line):
        before, after = line[: match.start()][-1:], line[match.end() :][:1]
        inner = match[2]
        if _may_flank(before, inner[0]) and _may_flank(after, inner[-1]):
            parts += [escape(line[end : match.start()]), match[1], escape(inner), match[1]]
            end = match.end()
    return _escape_start("".join(parts) + escape(line[end:]))


def _may_flank(outer: str, inner: str) -> bool:
    """Whether an asterisk between these two characters is read as emphasis by every reader."""
    if not outer or outer.isspace():
        return True
    if outer in "*\\":
        return False
    category = unicodedata.category(outer)
    if category.startswith("P"):
        return True
    # Scripts without spaces between words may emphasise inside a run of letters; "2*3*4" may not.
    return inner.isalnum() and (category == "Lo" or category.startswith("S"))


def _escape_start(line: str) -> str:
    return _LIST_START.sub(r"\1\\\2", _LINE_START.sub(r"\\\g<0>", line))
