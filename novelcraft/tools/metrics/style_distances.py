"""How far apart two styles are, part by part, and where a distance lies among known ones. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, product
from statistics import fmean

import numpy as np

from novelcraft.state.style import Calibration, PartScore, StylePart, StylePool, StyleScales
from novelcraft.tools.metrics.burrows import delta

PARTS: tuple[StylePart, ...] = (
    "vocabulary",
    "sentences",
    "structure",
    "pacing",
    "function_words",
)

Distances = dict[StylePart, float]


def pool_distances(first: StylePool, second: StylePool, scales: StyleScales) -> Distances:
    """How far apart two pools are in each part; 0 for equal ones."""
    return {
        "vocabulary": divergence(first.content, second.content),
        "sentences": transport(first.sentences, second.sentences),
        "structure": delta(first.structure, second.structure, scales.structure),
        "pacing": delta(first.pacing, second.pacing, scales.pacing),
        "function_words": delta(first.function_words, second.function_words, scales.function_words),
    }


def mean_distances(
    first: Sequence[StylePool], second: Sequence[StylePool], scales: StyleScales
) -> Distances:
    """The mean over all pairs of a pool of each side.

    Pools are compared one with one, and not as one large text, because short texts are farther
    apart than long ones: so the same calibration holds for a text of any length.
    """
    found = [pool_distances(a, b, scales) for a, b in product(first, second)]
    return {part: fmean(d[part] for d in found) for part in PARTS}


def combined(distances: Distances, parts: Mapping[StylePart, Calibration]) -> float:
    """The parts as one distance: 0 where each is as an author's own, 1 as another author's.

    Each part weighs as much as it tells authors apart: the gap between its medians, in units of
    its deviation, squared.
    """
    total = weights = 0.0
    for part, known in parts.items():
        gap = middle(known.other) - middle(known.same)
        weight = gap**2 / float(np.var(known.same) + np.var(known.other))
        total += weight * (distances[part] - middle(known.same)) / gap
        weights += weight
    return total / weights


def placed(distance: float, known: Calibration) -> PartScore:
    """The score of a distance, by the distances of real books.

    The scale runs over percentiles: those of the author's own distances and those between
    authors count half each. So a stretch where few distances lie counts little, and 50 is where
    a distance is as far into the one group as into the other.
    """
    ends = _percentile(middle(known.same), known), _percentile(middle(known.other), known)
    part = (ends[1] - _percentile(distance, known)) / (ends[1] - ends[0])
    return PartScore(
        distance=distance,
        score=100 * min(1.0, max(0.0, part)),
        nearer_than_same=1 - _below(distance, known.same),
        nearer_than_other=1 - _below(distance, known.other),
    )


def middle(quantiles: Sequence[float]) -> float:
    """The median of evenly spaced quantiles."""
    return float(np.quantile(quantiles, 0.5))


def _percentile(distance: float, known: Calibration) -> float:
    return (_below(distance, known.same) + _below(distance, known.other)) / 2


def _below(distance: float, quantiles: Sequence[float]) -> float:
    """The share of distances that are smaller, between quantiles in proportion."""
    if distance <= quantiles[0] or distance > quantiles[-1]:
        return float(distance > quantiles[-1])
    return float(np.interp(distance, quantiles, np.linspace(0, 1, len(quantiles))))


def divergence(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """How little two counts of words have in common: the root of the Jensen-Shannon divergence.

    Returns:
        0 for the same shares of each word, 1 for no word in common, or where one has none.
    """
    total, others = sum(first.values()), sum(second.values())
    if not total or not others:
        return float(total != others)
    shared = 0.0
    for word in first.keys() & second.keys():
        p, q = first[word] / total, second[word] / others
        shared += p * math.log2(1 + q / p) + q * math.log2(1 + p / q)
    return math.sqrt(max(0.0, 1 - shared / 2))


def transport(first: Sequence[float], second: Sequence[float]) -> float:
    """How far shares have to be moved, in classes, to make one distribution the other."""
    gaps = accumulate(a - b for a, b in zip(first, second, strict=True))
    return math.fsum(abs(gap) for gap in gaps)
