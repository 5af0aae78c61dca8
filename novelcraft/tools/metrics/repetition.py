"""How much a text repeats itself."""

from __future__ import annotations

from collections.abc import Sequence


def ngrams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """All runs of `n` words, in order; empty when there are fewer words."""
    return list(zip(*(words[k:] for k in range(n)), strict=False))


def repeated_share(words: Sequence[str], n: int) -> float:
    """The share of n-grams that occurred before in the same text, 0 to 1.

    This is `1 - distinct-n` (Li et al. 2016, arXiv 1510.03055), used as `seq-rep-n` to measure
    degenerate text (Welleck et al. 2020, arXiv 1908.04319). It grows with a text's length, so
    compare texts of one size, or windows.
    """
    grams = ngrams(words, n)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def peak_repetition(words: Sequence[str], n: int, window: int) -> tuple[float, int]:
    """The most repetitive stretch of a text.

    Args:
        words: The text's words.
        n: Length of the n-grams.
        window: Words in a stretch; stretches overlap by half.

    Returns:
        The highest `repeated_share` of a stretch, and the word at which that stretch starts.
    """
    starts = range(0, max(1, len(words) - window // 2), max(1, window // 2))
    best = max(starts, key=lambda s: repeated_share(words[s : s + window], n))
    return repeated_share(words[best : best + window], n), best
