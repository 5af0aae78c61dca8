"""Does the scene go round in circles?"""

from __future__ import annotations

from collections import Counter

from novelcraft.tools.checks.base import CheckInput, Flaw, evidence, quote
from novelcraft.tools.metrics import (
    ngrams,
    peak_repetition,
    peak_share,
    repeated_share,
    words,
)

STRETCH = 150
"""Words of the stretches that are looked at one by one."""

MIN_WORDS = 60
"""Words below which repeats say nothing."""

STRETCH_LIMIT = 0.25
"""Share of repeated trigrams in a stretch. In 558 pieces of published novels at most 0.14."""

SCENE_LIMIT = 0.15
"""Share of repeated trigrams in the whole scene. In published novels at most 0.08."""


OPENINGS = 20
"""Sentences in a row whose first words are compared."""

OPENING_LIMIT = 0.85
"""Share of them that begin with one word. In published novels at most 0.6."""


def loop(scene: CheckInput) -> Flaw | None:
    """The same runs of words over and over, in one stretch or all through the scene."""
    said = scene.text.words
    if len(said) < MIN_WORDS:
        return None
    whole = repeated_share(said, 3)
    peak, at = peak_repetition(said, 3, STRETCH)
    if whole < SCENE_LIMIT and peak < STRETCH_LIMIT:
        return None
    share, part = (peak, "of a stretch") if peak >= STRETCH_LIMIT else (whole, "of the scene")
    start = at if peak >= STRETCH_LIMIT else 0
    return Flaw(
        message=f"The scene loops: {share:.0%} of the trigrams {part} are repeats.",
        evidence=(_refrain(scene, start),),
        constraint="Do not say the same thing twice; every sentence moves the scene on.",
    )


def monotone(scene: CheckInput) -> Flaw | None:
    """Sentence after sentence that begins with the same word: He … He … He …"""
    openings = [w[0] for s in scene.text.sentences if (w := words(s))]
    share, at = peak_share(openings, OPENINGS)
    if share < OPENING_LIMIT:
        return None
    told = [s for s in scene.text.sentences if words(s)][at : at + OPENINGS]
    return Flaw(
        message=f"{share:.0%} of {OPENINGS} sentences in a row begin with the same word.",
        evidence=evidence(told),
        constraint="Begin sentences in different ways and vary their length.",
    )


def _refrain(scene: CheckInput, start: int) -> str:
    """The commonest run of up to six words from that word on, as it stands in the prose."""
    said = scene.text.words[start : start + STRETCH] if start else scene.text.words
    for n in (6, 5, 4, 3):
        counts = Counter(ngrams(said, n))
        if counts and max(counts.values()) > 1:
            gram = max(counts, key=lambda g: counts[g])
            first = start + ngrams(said, n).index(gram)
            return quote(scene.text.spread(first, first + n - 1))
    return quote(scene.prose)
