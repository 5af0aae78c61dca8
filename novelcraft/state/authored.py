"""What an author has already when a novel is planned: people, world, outline, word for word."""

from __future__ import annotations

from novelcraft.state.base import Frozen


class AuthoredPerson(Frozen):
    """Somebody of the author's cast."""

    name: str
    text: str = ""
    """What the author says of them."""


class AuthoredChapter(Frozen):
    """A chapter of the author's outline. What is empty is left to the planner."""

    title: str
    summary: str = ""
    scenes: tuple[str, ...] = ()
    """Scenes that must be there, in order; the planner may put others between them."""

    @property
    def told(self) -> str:
        """What happens in it; empty where only its title is there."""
        return self.summary or "\n".join(self.scenes)


class Authored(Frozen):
    """All of it. What stands here is kept as it is, and the planner fills in the rest."""

    people: tuple[AuthoredPerson, ...] = ()
    people_notes: str = ""
    """What is said of the people without naming one in a heading."""
    world: str = ""
    chapters: tuple[AuthoredChapter, ...] = ()
    """All chapters of the book; empty leaves them to the planner."""
    must_happen: str = ""
    """What has to happen, in whichever chapter."""

    def __bool__(self) -> bool:
        return self != NOTHING

    @property
    def scenes(self) -> int:
        """The fewest scenes that hold it: one a chapter, or as many as are named."""
        return sum(max(1, len(chapter.scenes)) for chapter in self.chapters)


NOTHING = Authored()
"""An author who leaves everything to the planner."""
