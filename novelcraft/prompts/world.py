"""The world context as the narrator reads it: the constitution of the book.

The same words in training, where it is read out of a book, and in writing, where it is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from novelcraft.state.books import BookWorld
from novelcraft.state.plan import Character, Plan


class CastMember(Protocol):
    """Who somebody is, and what they are after."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def role(self) -> str:
        """Their place in the story."""

    @property
    def want(self) -> str:
        """What they are after; empty when it is not known."""


def render_world(plan: Plan) -> str:
    """The world of a plan."""
    core = plan.core
    who = [_by_author(c) if c.about else _who(c) for c in plan.cast if c.about or c.role]
    return _render(plan.world.text, core.tone, core.style, who, plan.language)


def render_book_world(world: BookWorld, language: str) -> str:
    """The world of a book that was read.

    Args:
        world: Its parts.
        language: The book's language, as a BCP 47 tag.
    """
    who = [_who(member) for member in world.cast if member.role]
    return _render(world.text, world.tone, world.style, who, language)


def root_summary(cast: Sequence[CastMember]) -> str:
    """The story so far where nothing has happened yet: whom the book begins with."""
    if not cast:
        return "The story begins."
    first = cast[0]
    who = f"{first.name}, {_lower_first(first.role)}" if first.role else first.name
    wants = f", who wants {_lower_first(first.want)}" if first.want else ""
    return f"The story begins with {who}{wants}."


def _render(text: str, tone: str, style: str, who: Sequence[str], language: str) -> str:
    """Place, era and rules, then tone and style, then the cast, a sentence each.

    The order is the order of importance: a budget that is too small cuts the end. There are no
    labels, because a small narrator copies them into its prose.
    """
    lines = [text, *_manner(_lower_first(tone), _lower_first(style))]
    if not language.lower().startswith("en"):
        lines.insert(0, f"The novel is written in the language {language}.")
    lines += who
    return "\n".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in lines)


def _manner(tone: str, style: str) -> list[str]:
    if tone and style:
        return [f"The tone is {tone}, the style {style}"]
    return [f"The {name} is {said}" for name, said in (("tone", tone), ("style", style)) if said]


def _by_author(character: Character) -> str:
    """What the author says of somebody, on one line as the narrator's prompt takes people."""
    return f"{character.name}: {' '.join(character.about.split())}"


def _who(member: CastMember) -> str:
    if not member.want:
        return f"{member.name} is {_lower_first(member.role)}"
    return f"{member.name}, {_lower_first(member.role)}, wants {_lower_first(member.want)}"


def _lower_first(text: str) -> str:
    """The text as it reads inside a sentence; a word in capitals stays as it is."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:].rstrip(".")
