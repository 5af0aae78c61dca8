"""How much a text repeats itself."""

from __future__ import annotations

from collections import Counter
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


def peak_share(items: Sequence[str], window: int) -> tuple[float, int]:
    """Where one item is commonest.

    Args:
        items: For example the first words of a text's sentences.
        window: Items in a stretch.

    Returns:
        The highest share that one item has in a stretch of `window` items, 0 to 1, and the
        number of the item at which that stretch starts. Fewer items than `window` have 0.
    """
    best, at = 0, 0
    for start in range(len(items) - window + 1):
        (_, count), *_ = Counter(items[start : start + window]).most_common(1)
        if count > best:
            best, at = count, start
    return best / window, at
