"""Plain text as the Markdown that pandoc would give for it.

Pandoc has no reader for plain text, and its Markdown readers take indentation, asterisks and
numbers for markup. Here a blank line ends a paragraph, wrapped lines are joined, and lines that
were broken on purpose (verse, headings over titles) stay lines. `_so_` becomes emphasis.
"""

from __future__ import annotations

import re

from novelcraft.tools.books.cleaning.hard_wraps import unwrap
from novelcraft.tools.export.prose import escape
from novelcraft.tools.text import clean

_UNDERSCORED = re.compile(r"(?<![\w_])_(?=[^\s_])([^_]{1,600}?[^\s_])_(?![\w_])")
_STARRED = re.compile(r"(?<![\w*])(\*{1,2})(?=[^\s*])([^*\n]{1,600}?[^\s*])\1(?![\w*])")
_HASHED = re.compile(r"(#{1,6}) +(\S.*)")
_OPEN = "\ue000"
"""Stands for an asterisk that means emphasis, until all others are escaped."""
_BREAK = "\ue001"
"""Stands for a hard break."""
_WIDEST = 100
"""Longer lines are whole paragraphs: the text is not wrapped."""
_USUAL_SHARE = 0.9


def text_markdown(text: str) -> str:
    """Markdown in pandoc's form for a plain text.

    Args:
        text: With line ends of any system.
    """
    lines = [line.rstrip() for line in clean(text.replace("\r\n", "\n")).splitlines()]
    width = _width(lines)
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    if width > _WIDEST and _one_line_each(groups):
        groups = [[line] for group in groups for line in group]
    return "\n\n".join(_paragraph(group, width) for group in groups if group) + "\n"


def _width(lines: list[str]) -> int:
    """The width that the text is wrapped to: nearly all lines fit in it."""
    lengths = sorted(len(line) for line in lines if line.strip())
    return lengths[int((len(lengths) - 1) * 0.98)] if lengths else 0


def _one_line_each(groups: list[list[str]]) -> bool:
    """Whether paragraphs are lines, without blank lines between them."""
    lines = sum(len(group) for group in groups)
    ended = sum(
        line.rstrip("\"'”’)*_").endswith((".", "!", "?", "…", ":", "—")) or len(line) < 60
        for group in groups
        for line in group
    )
    return ended >= _USUAL_SHARE * lines


def _paragraph(group: list[str], width: int) -> str:
    stripped = [" ".join(line.split()) for line in group]
    indents = [len(line) - len(line.lstrip()) for line in group]
    if len(stripped) == 1 and (match := _HASHED.fullmatch(stripped[0])):
        return f"{match[1]} {escape(match[2])}"
    verse = len(group) > 1 and min(indents[1:]) >= 4
    wrapped = _BREAK.join(stripped) if verse else _joined(stripped, width)
    return "\\\n".join(_escaped(line) for line in _emphasis(wrapped).split(_BREAK))


def _joined(lines: list[str], width: int) -> str:
    if width > _WIDEST:
        return " ".join(lines)
    return unwrap(lines, width, _BREAK)


def _emphasis(text: str) -> str:
    """Mark emphasis with private characters, so that what is left can be escaped."""
    text = _STARRED.sub(lambda m: f"{_OPEN * len(m[1])}{m[2]}{_OPEN * len(m[1])}", text)
    return _UNDERSCORED.sub(rf"{_OPEN}\1{_OPEN}", text)


def _escaped(line: str) -> str:
    escaped = escape(line)
    if re.match(r"[#+=-]|\d{1,9}[.)]", escaped):
        escaped = re.sub(r"^(\d*)(.)", r"\1\\\2", escaped)
    return escaped.replace(_OPEN, "*")
