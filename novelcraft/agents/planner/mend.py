"""Mend a model's answers by rule, and say what was mended.

A schema makes an answer valid, not sensible: a small model gives two characters the same name
and ends a sentence where the bound of the string fell. Each mend is noted in words a person
can read, and the notes stay with the plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from novelcraft.tools.metrics.sense import MIN_WORDS, is_sensible
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


MIN_LETTERS = 3
"""Letters without which a line is no answer at all."""

NAME_PARTS = 2
"""A given name and a family name, and not the same twice."""

_ARTICLES = {"the", "a", "an"}
_MARKS = ".,;:!?()\"'“”‘’"


class Mender:
    """Mends fields and remembers what it did. Deterministic for a seed."""

    def __init__(self, seed: int, *, strict: bool = False, known: Iterable[str] = ()) -> None:
        """Make a mender.

        Args:
            seed: Fixes the names that are chosen.
            strict: Take echoes and empty talk for no answer, see `tools.metrics.sense`.
            known: Lines that a strict mender takes for an echo when they come again.
        """
        self._random = random.Random(seed)
        self._notes: list[str] = []
        self._strict = strict
        self._known = list(known)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended, a sentence each."""
        return tuple(self._notes)

    def note(self, text: str) -> None:
        """Remember a mend."""
        self._notes.append(text)

    def text(self, what: str, value: str, fallback: str, *, min_words: int = MIN_WORDS) -> str:
        """A tidy line, or the fallback where the line is of no use.

        Args:
            what: What the line is, for the note.
            value: The model's answer.
            fallback: Taken in its place.
            min_words: Least number of words for a strict mender.
        """
        line = tidy(value)
        if self.is_useful(line, min_words=min_words):
            self._known.append(line)
            return line
        self.note(f"{what} was of no use ({line[:60]!r}) and is now: {tidy(fallback)}")
        return tidy(fallback)

    def optional(self, value: str, *, min_words: int = MIN_WORDS) -> str:
        """A tidy line; empty where it is of no use."""
        line = tidy(value)
        if not self.is_useful(line, min_words=min_words):
            return ""
        self._known.append(line)
        return line

    def is_useful(self, line: str, *, min_words: int = MIN_WORDS) -> bool:
        """Whether a line can stay; a strict mender refuses what it has seen before."""
        if not self._strict:
            return sum(ch.isalpha() for ch in line) >= MIN_LETTERS
        return is_sensible(line, self._known, min_words=min_words)

    def role(self, name: str, value: str, fallback: str) -> str:
        """A part in the story; a strict mender takes another person's name for none."""
        is_name = self._strict and not any(word.islower() for word in value.split())
        return self.text(f"the role of {name}", "" if is_name else value, fallback, min_words=2)

    def title(self, value: str, premise: str) -> str:
        """A title without quotes, colons at the end or a full stop."""
        fallback = " ".join(premise.split()[:5])
        return self.text("the title", value, fallback, min_words=2).rstrip(".:").strip()

    def unique(self, what: str, values: Iterable[str]) -> list[str]:
        """The values without repeats, tidied, in order."""
        kept: dict[str, str] = {}
        for value in map(tidy, values):
            if value and value.casefold() in kept:
                self.note(f"a repeat among {what} was dropped: {value}")
            elif value:
                kept[value.casefold()] = value
        return list(kept.values())

    def places(self, values: Sequence[str], fallback: Sequence[str]) -> tuple[str, ...]:
        """As many places as were given, with the fallback's for those that are of no use."""
        kept = [v for v in self.unique("places", values) if self.is_useful(v, min_words=1)]
        if len(kept) < len(values):
            self.note(f"places were added: {', '.join(fallback[: len(values) - len(kept)])}")
        return tuple([*kept, *fallback][: max(1, len(values))])

    def time(self, value: str, scenes_before: int) -> str:
        """Story time; a strict mender counts days itself, two scenes to each."""
        if not self._strict:
            return tidy(value) or "later"
        hour = ("morning", "evening")[scenes_before % 2]
        return f"day {scenes_before // 2 + 1}, {hour}"

    def names(
        self, values: Sequence[str], *, first: str = "", others: Sequence[str] = ()
    ) -> list[str]:
        """As many names as there are values, of which no two share a given or a family name.

        A strict mender also refuses names that are made of common words of the known lines: a small
        model calls the keeper of a lighthouse The Lighthouse.

        Args:
            values: The model's.
            first: The name that the premise gives to the main character; empty where it names
                nobody.
            others: Names that are there already.
        """
        if first and first not in values:
            self.note(f"the main character is {first!r}, as the premise says, not {values[0]!r}")
            values = [first, *values[1:]]
        elif first:
            at = values.index(first)
            values = [first, *values[:at], *values[at + 1 :]]
        taken = {part for name in others for part in name.casefold().split()}
        common = _words(self._known) if self._strict else set()
        kept = []
        for value in values:
            name = value.strip()
            parts = set(name.casefold().split())
            if taken & parts or len(parts) < NAME_PARTS:
                name = self._fresh_name(taken)
                self.note(f"the name {value!r} was already taken and is now {name!r}")
            elif common & parts and name != first:
                name = self._fresh_name(taken)
                self.note(f"{value!r} is no person's name and is now {name!r}")
            taken |= set(name.casefold().split())
            kept.append(name)
        return kept

    def _fresh_name(self, taken: set[str]) -> str:
        given = self._random.choice([g for g in GIVEN if g.casefold() not in taken])
        family = self._random.choice([f for f in FAMILY if f.casefold() not in taken])
        return f"{given} {family}"


def _words(lines: Iterable[str]) -> set[str]:
    """Their common words; what stands there with a capital may be a name."""
    words = (word.strip(_MARKS) for line in lines for word in line.split())
    return {word for word in words if word.islower()} | _ARTICLES
