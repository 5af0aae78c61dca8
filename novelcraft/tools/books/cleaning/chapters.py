"""The chapters of a cleaned narrative, and the narrative of chapters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ANCHOR = re.compile(r"^[^\S\n]*#[ \t]+(.*)$", re.MULTILINE)
_NUMBERED = re.compile(r"chapter\s+\d+\s*(?:[:.—–-]\s*(?P<title>.*))?", re.IGNORECASE)


@dataclass(frozen=True)
class Chapter:
    """A chapter of a cleaned narrative."""

    index: int
    """From 1 on, by its place; the number in its header is for people."""
    title: str
    """Without its number; empty when it has none."""
    text: str
    """Its body, without blank lines around it."""

    @property
    def anchor(self) -> str:
        """Its header line."""
        return f"# Chapter {self.index}: {self.title}" if self.title else f"# Chapter {self.index}"


def split_chapters(narrative: str) -> list[Chapter]:
    """The chapters of a narrative, also of one that a person has edited.

    A header is any line that begins with one `#`, blanks aside. Numbers in headers are ignored:
    chapters are counted by place. Text before the first header is a chapter without a title.

    Args:
        narrative: As in `md_clean/`; line ends of any system.
    """
    narrative = narrative.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    heads = [*_ANCHOR.finditer(narrative)]
    ends = [*(head.start() for head in heads), len(narrative)]
    before = narrative[: ends[0]].strip()
    found = [("", before)] if before else []
    for head, end in zip(heads, ends[1:], strict=True):
        found.append((_title(head[1]), narrative[head.end() : end].strip()))
    return [Chapter(at, title, text) for at, (title, text) in enumerate(found, start=1)]


def join_chapters(chapters: Iterable[Chapter]) -> str:
    """The narrative of chapters: `split_chapters` gives them back."""
    return "\n".join(f"{c.anchor}\n\n{c.text}\n" if c.text else f"{c.anchor}\n" for c in chapters)


def _title(header: str) -> str:
    match = _NUMBERED.fullmatch(header)
    return (match["title"] or "").strip() if match else header.strip()
