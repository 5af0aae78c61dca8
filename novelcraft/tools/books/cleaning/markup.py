"""The raw Markdown of a book as blocks, each with the containers that it stands in.

Pandoc writes GitHub's Markdown in one canonical form: a paragraph is one line (more only where
it has hard breaks), and what Markdown cannot say stays as HTML, a `<div>` with its id and classes
on lines of their own. So lines are enough to find the blocks, and a person's own Markdown, which
has been through pandoc as well, looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item", "rule", "pre", "table"]

_BOX_TAGS = "div|section|article|header|footer|hgroup|figure|aside|main|nav|center|body|html"
_BOX_LINE = re.compile(rf"(?:</?(?:{_BOX_TAGS})\b[^>]*>\s*)+", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(\w+)([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w:.-]+)="([^"]*)"')
_ANCHOR_LINE = re.compile(r'<span id="([^"]*)"></span>')
_FILE_NAME = re.compile(r".+\.(?:x?html?|xml)")
_QUOTE = re.compile(r" {0,3}(?:> ?)+")
_ITEM = re.compile(r"( {0,3}(?:[-*+]|\d{1,9}[.)]) {1,4})(?=\S)")
_NOTE = re.compile(r"(\[\^([^\]\s]+)\]: *)")
_HEADING = re.compile(r"(#{1,6}) +(.*?)(?: +#+)?", re.DOTALL)
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,}|(?:\* ){2,}\*|(?:- ){2,}-)")
_UNDERLINE = re.compile(r"(-+|=+)")
_CODE_INDENT = "    "


@dataclass(frozen=True, eq=False)
class Container:
    """An HTML element around blocks. Two containers are equal only when they are the same one."""

    tag: str
    id: str = ""
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MarkupBlock:
    """A heading, paragraph or the like, its text still marked up as pandoc wrote it."""

    kind: BlockKind
    text: str
    containers: tuple[Container, ...] = ()
    level: int = 0
    """Of a heading, 1 to 6."""
    file: str = ""
    """The part of an EPUB that it stands in, where the Markdown says so."""
    quoted: bool = False
    """Whether it stands in a block quote."""


@dataclass
class _Parser:
    """Gathers lines to blocks."""

    containers: list[Container] = field(default_factory=list)
    indents: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    kind: BlockKind = "paragraph"
    file: str = ""
    quoted: bool = False
    closing: str = ""
    """What ends the raw block that is open: a fence, or `</table>`."""
    note: Container | None = None

    def feed(self, line: str) -> Iterator[MarkupBlock]:
        """Take the next line; give the blocks that it ends."""
        if self.closing:
            yield from self._raw_line(line)
            return
        quote = _QUOTE.match(line)
        rest = line[quote.end() :] if quote else line
        if not rest.strip():
            if self.kind == "pre":
                self.lines.append("")
            else:
                yield from self.flush()
            return
        rest = yield from self._dedent(rest)
        if self.kind == "pre" and not rest.startswith(_CODE_INDENT):
            yield from self.flush()
        if self.lines and self.lines[-1].startswith("#") and not self.lines[-1].endswith("\\"):
            yield from self.flush()
        if not self.lines:
            self.quoted = quote is not None or rest.startswith(">")
        inner = _QUOTE.match(rest)
        yield from self._line(rest[inner.end() :] if inner else rest)

    def flush(self) -> Iterator[MarkupBlock]:
        """Give the block that is open, if any."""
        lines, kind = self.lines, self.kind
        self.lines, self.kind = [], "paragraph"
        while lines and not lines[-1].strip():
            lines.pop()
        if lines:
            yield self._block(lines, kind)

    def _block(self, lines: list[str], kind: BlockKind) -> MarkupBlock:
        text, level = "\n".join(lines), 0
        if kind == "paragraph":
            if match := _HEADING.fullmatch(text):
                kind, text, level = "heading", match[2], len(match[1])
            elif _RULE.fullmatch(text.strip()):
                kind = "rule"
            elif len(lines) > 1 and (match := _UNDERLINE.fullmatch(lines[-1])):
                kind, text = "heading", "\n".join(lines[:-1])
                level = 1 if match[1][0] == "=" else 2
            elif text.startswith("|") and text.endswith("|"):
                kind = "table"
        containers = (*self.containers, self.note) if self.note else tuple(self.containers)
        return MarkupBlock(kind, text, containers, level, self.file, self.quoted)

    def _raw_line(self, line: str) -> Iterator[MarkupBlock]:
        if self.quoted and (quote := _QUOTE.match(line)):
            line = line[quote.end() :]
        table = self.kind == "table"
        # Before the tag that closes a table there may be more on its line.
        closed = line.rstrip().endswith(self.closing) if table else line.strip() == self.closing
        if table or not closed:
            self.lines.append(line)
        if closed:
            self.closing = ""
            yield from self.flush()

    def _dedent(self, line: str) -> Generator[MarkupBlock, None, str]:
        """Take off the indentation of the lists the line stands in, and leave those it does not."""
        depth = len(line) - len(line.lstrip(" "))
        while self.indents and depth < self.indents[-1]:
            yield from self.flush()
            self.indents.pop()
            self.note = None
        return line[self.indents[-1] :] if self.indents else line

    def _line(self, line: str) -> Iterator[MarkupBlock]:
        stripped = line.strip()
        if not self.lines and line.startswith(_CODE_INDENT):
            self.kind = "pre"
        if self.kind == "pre":
            self.lines.append(line)
        elif _BOX_LINE.fullmatch(stripped):
            yield from self.flush()
            self._open_and_close(stripped)
        elif not self.lines and stripped.startswith("<table"):
            self.kind, self.closing = "table", "</table>"
            self.lines.append(line)
        elif not self.lines and stripped.startswith("```"):
            self.kind, self.closing = "pre", "```"
        elif not self.lines and (anchor := _ANCHOR_LINE.fullmatch(stripped)):
            if _FILE_NAME.fullmatch(anchor[1]):
                self.file = anchor[1]
        else:
            yield from self._prose(line)

    def _prose(self, line: str) -> Iterator[MarkupBlock]:
        if match := _ITEM.match(line):
            if _RULE.fullmatch(line.strip()):
                yield from self.flush()
                self.lines.append(line)
                return
            yield from self.flush()
            self._indent(len(match[1]))
            rest = line[len(match[1]) :]
            number = match[1].strip()
            if _BOX_LINE.fullmatch(rest.strip()):
                self._open_and_close(rest)
                self.lines.append(number if number[0].isdigit() else "")
                self.kind = "item"
                yield from self.flush()
                return
            self.kind = "item"
            self.lines.append(f"{number} {rest}" if number[0].isdigit() else rest)
        elif match := _NOTE.match(line):
            yield from self.flush()
            self.indents.append(4)
            self.note = Container("aside", match[2], ("footnote",))
            self.lines.append(f"({match[2]}) {line[len(match[1]) :]}")
        else:
            self.lines.append(line)

    def _indent(self, width: int) -> None:
        self.indents.append((self.indents[-1] if self.indents else 0) + width)

    def _open_and_close(self, tags: str) -> None:
        for closing, name, rest in _TAG.findall(tags):
            if closing:
                self._close(name.lower())
            elif not rest.endswith("/"):
                found = dict(_ATTRIBUTE.findall(rest))
                classes = tuple(f"{found.get('class', '')} {found.get('epub:type', '')}".split())
                self.containers.append(Container(name.lower(), found.get("id", ""), classes))

    def _close(self, name: str) -> None:
        for at in range(len(self.containers) - 1, -1, -1):
            if self.containers[at].tag == name:
                del self.containers[at:]
                return


def parse(raw: str) -> list[MarkupBlock]:
    """The blocks of a book's raw Markdown, in order."""
    parser, blocks = _Parser(), list[MarkupBlock]()
    for line in raw.split("\n"):
        blocks += parser.feed(line)
    blocks += parser.flush()
    return blocks
