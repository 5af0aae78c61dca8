"""Passages that stand in more than one scene of a corpus."""

from __future__ import annotations

from pydantic import Field

from novelcraft.state.base import Frozen


class SceneName(Frozen):
    """A scene of a book."""

    book_id: str
    scene_id: str


class Original(Frozen):
    """An earlier scene that another one repeats, in whole or in part."""

    scene: SceneName
    share: float = Field(ge=0, le=1)
    """Of the later scene's text that stands in this one."""


class Duplicate(Frozen):
    """A scene that repeats earlier ones, of its own book or of others."""

    scene: SceneName
    originals: tuple[Original, ...]
    """What it repeats, the largest share first."""
    is_copy: bool
    """Whether so much of it is repeated that it is left out where duplicates are dropped. A
    quotation is reported, and makes no scene a copy."""
    quote: str
    """The first words that are repeated, verbatim."""

    @property
    def share(self) -> float:
        """Of its text that stands in earlier scenes, 0 to 1."""
        return min(1.0, sum(original.share for original in self.originals))
