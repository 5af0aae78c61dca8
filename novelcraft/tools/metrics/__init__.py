"""Measures of prose: pure functions from text to numbers or pieces, that judge nothing.

What a number means is for `tools.checks` to say, and later for the style report.
"""

from novelcraft.tools.metrics.dialogue import QuoteStyle, narration, quote_style
from novelcraft.tools.metrics.overlap import (
    Run,
    cross_copying,
    longest_shared_run,
    shared_runs,
)
from novelcraft.tools.metrics.repetition import ngrams, peak_repetition, peak_share, repeated_share
from novelcraft.tools.metrics.text import Prose, paragraphs, sentences, spread, words

__all__ = [
    "Prose",
    "QuoteStyle",
    "Run",
    "cross_copying",
    "longest_shared_run",
    "narration",
    "ngrams",
    "paragraphs",
    "peak_repetition",
    "peak_share",
    "quote_style",
    "repeated_share",
    "sentences",
    "shared_runs",
    "spread",
    "words",
]
