"""The parts of a book's JSON that single stages make, and their hashes.

Several stages write into one file. Each knows its own part again by a hash, so that a person's
correction of one part is told from another stage's work on the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.state.base import content_hash
from novelcraft.state.books import BookFile, BookScene
from novelcraft.state.manuscript import Fact

_OF_BOOK = {"title", "author", "language"}
"""What a person may correct in a head. The rest is counted, and counted again."""
_OF_WORLD = {"world", "world_context"}


def head_part(book: BookFile) -> str:
    """Hash of what the base stage takes from the book itself: title, author and language."""
    return content_hash(book.meta.model_dump(mode="json", include=_OF_BOOK))


def world_part(book: BookFile) -> str | None:
    """Hash of what the world stage makes; None before it."""
    if not book.meta.world_context:
        return None
    return content_hash(book.meta.model_dump(mode="json", include=_OF_WORLD))


def chapter_part(scenes: Sequence[BookScene]) -> str | None:
    """Hash of what the scenes stage makes of a chapter: where it is cut; None before it."""
    return content_hash([scene.text for scene in scenes]) if scenes else None


def facts_part(facts: Sequence[Fact] | None) -> str | None:
    """Hash of what the facts stage makes of a scene; None before it."""
    return None if facts is None else content_hash([fact.model_dump() for fact in facts])


def brief_part(instruction: str) -> str | None:
    """Hash of what the briefs stage makes of a scene; None before it."""
    return content_hash(instruction) if instruction else None
