"""The sections that a book's headings cut it into."""

from __future__ import annotations

from dataclasses import dataclass, field

from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock, words_in
from novelcraft.tools.books.cleaning.headings import HeadingKind, Label


@dataclass(eq=False)
class Section:
    """A group of headings and all that follows it up to the next group. Two are never equal."""

    kind: HeadingKind | None
    """None for what stands before the first heading."""
    level: int = 0
    label: Label | None = None
    title: str = ""
    part: str = ""
    part_level: int = 0
    """Of the heading of a part in its own group; 0 without one."""
    part_by_title: bool = False
    """Whether the part has only a title, as the book itself has on the page before chapter 1."""
    below_reference: bool = False
    """Whether the heading above its own, with nothing between, names matter that is no story."""
    headings: list[ClassifiedBlock] = field(default_factory=list)
    body: list[ClassifiedBlock] = field(default_factory=list)

    @property
    def words(self) -> int:
        """Words of its body that no rule has taken."""
        return words_in(block for block in self.body if block.open)

    @property
    def heading(self) -> str:
        """The text of all its headings."""
        return " ".join(block.plain for block in self.headings)
