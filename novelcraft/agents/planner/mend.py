"""Mend a model's answers by rule, and say what was mended.

A schema makes an answer valid, not sensible: a small model gives two characters the same name
and ends a sentence where the bound of the string fell. Each mend is noted in words a person
can read, and the notes stay with the plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from novelcraft.tools.models.schemas import tidy

GIVEN = (
    "Ada", "Bruno", "Clara", "Daniel", "Edith", "Felix", "Greta", "Henry", "Irene", "Jonas",
    "Kitty", "Leo", "Martha", "Nils", "Olive", "Peter", "Rosa", "Simon", "Thea", "Victor",
)  # fmt: skip
FAMILY = (
    "Abbott", "Birch", "Calder", "Dunmore", "Ellery", "Fairburn", "Grange", "Hollis", "Ingram",
    "Kestrel", "Lorne", "Marsh", "Norwood", "Orchard", "Penrose", "Quill", "Rowan", "Sallow",
    "Thorne", "Wilder",
)  # fmt: skip


class Mender:
    """Mends fields and remembers what it did. Deterministic for a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._notes: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended, a sentence each."""
        return tuple(self._notes)

    def note(self, text: str) -> None:
        """Remember a mend."""
        self._notes.append(text)

    def text(self, what: str, value: str, fallback: str) -> str:
        """A tidy line, or the fallback where nothing is left of it."""
        line = tidy(value)
        if sum(ch.isalpha() for ch in line) >= 3:
            return line
        self.note(f"{what} was empty and is now: {tidy(fallback)}")
        return tidy(fallback)

    def title(self, value: str, premise: str) -> str:
        """A title without quotes, colons at the end or a full stop."""
        fallback = " ".join(premise.split()[:5])
        return self.text("the title", value, fallback).rstrip(".:").strip()

    def unique(self, what: str, values: Iterable[str]) -> list[str]:
        """The values without repeats, tidied, in order."""
        kept: dict[str, str] = {}
        for value in map(tidy, values):
            if value and value.casefold() in kept:
                self.note(f"a repeat among {what} was dropped: {value}")
            elif value:
                kept[value.casefold()] = value
        return list(kept.values())

    def places(self, values: Sequence[str], fallback: str) -> tuple[str, ...]:
        """At least one place."""
        kept = self.unique("places", values)
        return tuple(kept) or (tidy(fallback)[:40],)

    def names(self, values: Sequence[str]) -> list[str]:
        """Names of which no two share a given or a family name."""
        taken: set[str] = set()
        kept = []
        for value in values:
            name = value.strip()
            if not name or taken & set(name.casefold().split()):
                name = self._fresh_name(taken)
                self.note(f"the name {value!r} was already taken and is now {name!r}")
            taken |= set(name.casefold().split())
            kept.append(name)
        return kept

    def _fresh_name(self, taken: set[str]) -> str:
        given = self._random.choice([g for g in GIVEN if g.casefold() not in taken])
        family = self._random.choice([f for f in FAMILY if f.casefold() not in taken])
        return f"{given} {family}"
