"""The pieces of a book while it is cleaned: blocks, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from novelcraft.tools.books.cleaning.inline import Cleaned, clean_inline
from novelcraft.tools.books.cleaning.markup import Block

Fate = Literal["open", "narrative", "reference", "drop"]


@dataclass
class Piece:
    """A block and its fate; `open` until some rule has decided."""

    block: Block
    fate: Fate = "open"
    reason: str = ""
    """Of a drop or a reference: why."""

    @cached_property
    def cleaned(self) -> Cleaned:
        """Its text without markup, and the marks that were in it."""
        return clean_inline(self.block.text)

    @property
    def text(self) -> str:
        """Its words without markup; lines are kept apart."""
        return self.cleaned.text

    @property
    def plain(self) -> str:
        """Its words without emphasis, as headings and labels are compared."""
        return self.text.replace("*", "")

    @property
    def open(self) -> bool:
        """Whether no rule has decided on it."""
        return self.fate == "open"

    @property
    def empty(self) -> bool:
        """Whether it has no words: a rule, a spacer, an image."""
        return not any(character.isalnum() for character in self.text)

    @property
    def is_heading(self) -> bool:
        """Whether it is a heading that nothing has been decided on."""
        return self.open and self.block.kind == "heading" and not self.empty

    @property
    def in_heading_group(self) -> bool:
        """Whether the book itself says that it is one of the headings around it."""
        return any(box.tag == "hgroup" for box in self.block.boxes)

    @property
    def of_section(self) -> bool:
        """Whether it stands in a section that the book itself names."""
        return any("section" in box.classes for box in self.block.boxes)

    def decide(self, fate: Fate, reason: str = "") -> None:
        """Decide on it, if nothing was."""
        if self.open:
            self.fate, self.reason = fate, reason


def words_in(pieces: Iterable[Piece]) -> int:
    """Rough count of the words of pieces."""
    return sum(len(piece.text.split()) for piece in pieces)
