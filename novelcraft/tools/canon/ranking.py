"""Which facts of earlier scenes a scene is told, and in which words: in writing and in training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from novelcraft.state.manuscript import Fact
from novelcraft.tools.metrics.text import words

MOST_NOTES = 12
"""Canon notes looked up for a scene; the prompt's budget may take fewer."""


class _Ranked(NamedTuple):
    """Sorts facts: about those present, then recent, then in the order they were said."""

    named_only: bool
    age: int
    number: int


def rank_facts(
    known: Iterable[tuple[int, Fact]], here: Sequence[str], told: str
) -> list[tuple[int, Fact]]:
    """The facts of use to a scene, the most useful first; one that was said twice comes once.

    First those about who is present and the place, then those about what else the brief names,
    the recent ones before the old.

    Args:
        known: Facts, and the position of the scene that made each true.
        here: Names of who is present, and the place.
        told: What the brief says happens.
    """
    places, named = [_words(name) for name in here], _words(told)
    ranked: list[tuple[_Ranked, int, Fact]] = []
    for number, (position, fact) in enumerate(known):
        subject = _words(fact.subject)
        if not subject:
            continue
        present = any(subject <= name or name <= subject for name in places if name)
        if present or subject <= named:
            ranked.append((_Ranked(not present, -position, number), position, fact))
    latest: dict[tuple[tuple[str, ...], ...], tuple[int, Fact]] = {}
    for _, position, fact in sorted(ranked, key=lambda entry: entry[0]):
        said = (tuple(words(fact.subject)), tuple(words(fact.statement)))
        latest.setdefault(said, (position, fact))
    return list(latest.values())


def fact_note(fact: Fact) -> str:
    """A fact as a canon note says it."""
    return f"{fact.subject}: {fact.statement}"


def _words(text: str) -> frozenset[str]:
    return frozenset(words(text))
