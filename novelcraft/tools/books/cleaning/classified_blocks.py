"""The blocks of a book while it is cleaned, each with what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from novelcraft.tools.books.cleaning.inline import Cleaned, clean_inline
from novelcraft.tools.books.cleaning.markup import MarkupBlock

Category = Literal["open", "narrative", "reference", "drop"]


@dataclass
class ClassifiedBlock:
    """A block and where it goes; `open` until some rule has decided."""

    markup: MarkupBlock
    category: Category = "open"
    reason: str = ""
    """Of a drop or a reference: why."""

    @cached_property
    def cleaned(self) -> Cleaned:
        """Its text without markup, and the marks that were in it."""
        return clean_inline(self.markup.text)

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
        return self.category == "open"

    @property
    def empty(self) -> bool:
        """Whether it has no words: a rule, a spacer, an image."""
        return not any(character.isalnum() for character in self.text)

    @property
    def is_heading(self) -> bool:
        """Whether it is a heading that nothing has been decided on."""
        return self.open and self.markup.kind == "heading" and not self.empty

    @property
    def in_heading_group(self) -> bool:
        """Whether the book itself says that it is one of the headings around it."""
        return any(container.tag == "hgroup" for container in self.markup.containers)

    @property
    def of_section(self) -> bool:
        """Whether it stands in a section that the book itself names."""
        return any("section" in container.classes for container in self.markup.containers)

    def decide(self, category: Category, reason: str = "") -> None:
        """Decide on it, if nothing was."""
        if self.open:
            self.category, self.reason = category, reason


def words_in(blocks: Iterable[ClassifiedBlock]) -> int:
    """Rough count of the words of blocks."""
    return sum(len(block.text.split()) for block in blocks)
