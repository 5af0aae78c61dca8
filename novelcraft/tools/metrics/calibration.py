"""Make the reference figures of the style score from real books. Pure.

Pools of one author that come from different books are compared with each other, and pools of
different authors; where too few authors have two books, chapters of one book take their place.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from statistics import fmean, pstdev
from typing import TypeVar

import numpy as np

from novelcraft.errors import InputError
from novelcraft.state.style import (
    Calibration,
    Scale,
    StylePart,
    StylePool,
    StyleReference,
    StyleScales,
)
from novelcraft.tools.metrics.burrows import function_words
from novelcraft.tools.metrics.style_distances import PARTS, Distances, combined, pool_distances
from novelcraft.tools.metrics.style_measures import measure_pool, pools_of
from novelcraft.tools.metrics.text import words

POOL_WORDS = 5_000
"""Least words of a pool: below, Burrows's Delta cannot tell authors apart."""

POOLS_OF_A_BOOK = 6
"""Most pools that are taken of a book, evenly over its length, so that no long one outweighs."""

PAIRS = 36
"""Most pairs of pools that are taken of two authors, or of one, so that all count alike."""

TWO_BOOKS = 3
"""Authors with two books or more that it takes to compare across books alone."""

QUANTILES = 41

T = TypeVar("T")


@dataclass(frozen=True)
class ReferenceBook:
    """A book to measure."""

    title: str
    author: str
    text: str
    """Its narrative: headings are left out of it."""


@dataclass(frozen=True)
class BookPools:
    """What a book measures."""

    title: str
    author: str
    pools: tuple[StylePool, ...]


def measured_books(
    books: Sequence[ReferenceBook], language: str = "en", pool_words: int = POOL_WORDS
) -> list[BookPools]:
    """Measure books, with the function words of their language; those too short are left out."""
    cut = [(book, pools_of([book.text], pool_words)) for book in books]
    whole = [[w for pool in pools for p in pool for w in words(p)] for _, pools in cut]
    listed = function_words(language, whole)
    found = []
    for book, pools in cut:
        chosen = evenly(pools, POOLS_OF_A_BOOK)
        measured = [measure_pool(p, listed) for p in chosen]
        fit = tuple(pool for pool in measured if pool.words >= pool_words)
        if fit:
            found.append(BookPools(book.title, book.author, fit))
    return found


def reference_of(
    books: Sequence[BookPools], language: str = "en", pool_words: int = POOL_WORDS
) -> StyleReference:
    """The reference figures of measured books.

    Args:
        books: Of two authors or more.
        language: BCP 47 tag of all of them.
        pool_words: As they were measured with.

    Raises:
        InputError: There are too few books, or a part does not tell their authors apart.
    """
    scales = scales_of([pool for book in books for pool in book.pools])
    across = across_books(books)
    same = [pool_distances(a, b, scales) for a, b in same_pairs(books, across=across)]
    other = [pool_distances(a, b, scales) for a, b in other_pairs(books)]
    if not same or not other:
        raise InputError(
            f"{len(books)} books of {len({b.author for b in books})} authors are too few to "
            "compare a writer with themselves and with others.",
            fix=f"Give books of two authors or more, of {2 * pool_words:,} words or more.",
        )
    parts = {
        part: calibrated(part, [d[part] for d in same], [d[part] for d in other]) for part in PARTS
    }
    known = [sum(p.function_words.values()) for book in books for p in book.pools]
    return StyleReference(
        language=language,
        pool_words=pool_words,
        books=len(books),
        authors=len({book.author for book in books}),
        pools=len(known),
        across_books=across,
        known_words=fmean(known),
        scales=scales,
        parts=parts,
        overall=calibrated("overall", _combined(same, parts), _combined(other, parts)),
    )


def _combined(found: Sequence[Distances], parts: Mapping[StylePart, Calibration]) -> list[float]:
    return [combined(distances, parts) for distances in found]


def scales_of(pools: Sequence[StylePool]) -> StyleScales:
    """How the measures of pools vary; those that do not vary are left out."""

    def of(name: str) -> dict[str, Scale]:
        columns: defaultdict[str, list[float]] = defaultdict(list)
        for pool in pools:
            for measure, value in getattr(pool, name).items():
                columns[measure].append(value)
        scales = {measure: _scale(values) for measure, values in columns.items()}
        return {measure: scale for measure, scale in scales.items() if scale}

    return StyleScales(
        function_words=of("function_words"), structure=of("structure"), pacing=of("pacing")
    )


def _scale(values: Sequence[float]) -> Scale | None:
    deviation = pstdev(values)
    return Scale(mean=fmean(values), deviation=deviation) if deviation > 0 else None


def calibrated(name: str, same: Sequence[float], other: Sequence[float]) -> Calibration:
    """Where the distances of one author lie, and those between authors.

    Raises:
        InputError: The one are no smaller than the other, by their medians.
    """
    if np.median(same) >= np.median(other):
        raise InputError(
            f"These books do not tell authors apart by {name}: pools of one author are as far "
            "apart as pools of two.",
            fix="Give more books, of more authors, with two or more books of each.",
        )
    return Calibration(same=_quantiles(same), other=_quantiles(other), auc=auc(same, other))


def _quantiles(values: Sequence[float]) -> tuple[float, ...]:
    found = np.quantile(values, np.linspace(0, 1, QUANTILES))
    return tuple(round(float(value), 5) for value in found)


def auc(same: Sequence[float], other: Sequence[float]) -> float:
    """How often a distance of the second group is larger than one of the first; ties count half."""
    ranked = np.sort(np.asarray(other))
    above = len(ranked) - np.searchsorted(ranked, same, side="right")
    ties = np.searchsorted(ranked, same, side="right") - np.searchsorted(ranked, same, side="left")
    return float(np.mean(above + ties / 2) / len(ranked))


def across_books(books: Sequence[BookPools]) -> bool:
    """Whether enough authors have two books to compare authors across books alone."""
    titles = defaultdict(set)
    for book in books:
        titles[book.author].add(book.title)
    return sum(len(found) > 1 for found in titles.values()) >= TWO_BOOKS


def same_pairs(
    books: Sequence[BookPools], *, across: bool
) -> Iterator[tuple[StylePool, StylePool]]:
    """Pools of one author, from two books; without `across` from one book too."""
    for own in by_author(books).values():
        pairs = [pair for a, b in combinations(own, 2) for pair in product(a.pools, b.pools)]
        if not across:
            pairs += [pair for book in own for pair in combinations(book.pools, 2)]
        yield from _drawn(pairs)


def other_pairs(books: Sequence[BookPools]) -> Iterator[tuple[StylePool, StylePool]]:
    """Pools of two authors."""
    for first, second in combinations(by_author(books).values(), 2):
        pairs = [pair for a, b in product(first, second) for pair in product(a.pools, b.pools)]
        yield from _drawn(pairs)


def by_author(books: Sequence[BookPools]) -> dict[str, list[BookPools]]:
    """The books of each author."""
    found: defaultdict[str, list[BookPools]] = defaultdict(list)
    for book in books:
        found[book.author].append(book)
    return dict(found)


def _drawn(pairs: Sequence[T]) -> Sequence[T]:
    """At most `PAIRS` of them, the same ones every time."""
    return random.Random(0).sample(pairs, PAIRS) if len(pairs) > PAIRS else pairs


def evenly(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spaced over all."""
    if len(items) <= most:
        return list(items)
    return [items[(2 * k + 1) * len(items) // (2 * most)] for k in range(most)]
