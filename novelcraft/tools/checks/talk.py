"""Talk about the text where a scene should be: remarks, lessons and plans, in whatever words.

What a paragraph means tells it from narration better than any list of phrases. Its vector under
the embedder of the passage index is weighed with numbers that `benchmarks.talk` has found. Some
paragraphs of novels look like talk, where a narrator speaks of his tale, but no two in a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from operator import mul
from pathlib import Path

from novelcraft.state.base import Frozen
from novelcraft.state.manuscript import count_words
from novelcraft.tools.checks.base import CheckInput, Flaw, evidence
from novelcraft.tools.metrics.text import Prose

LEAST = 12
"""Words of narration in the shortest paragraph that is judged: in fewer there is little meaning."""
MOST = 900
"""Characters of a paragraph's narration that are read."""
WEIGHTS = Path(__file__).with_suffix(".json")


class Weights(Frozen):
    """How a paragraph is judged: talk is where its vector times the weights is above the limit."""

    embedder: str
    """Name of the embedder that the weights are for."""
    weights: tuple[float, ...]
    limit: float

    def talks(self, vector: Sequence[float]) -> bool:
        """Whether a paragraph with that vector is talk about the text."""
        score: float = sum(map(mul, self.weights, vector))
        return score > self.limit


def talk(scene: CheckInput) -> Flaw | None:
    """Two paragraphs in a row that speak about the text."""
    known = _weights()
    if scene.embedder is None or scene.embedder.name != known.embedder:
        return None
    told = list(judged(scene.text))
    talks = map(known.talks, scene.embedder.embed([narration for _, narration in told]))
    marked = [(paragraph, one) for (paragraph, _), one in zip(told, talks, strict=True)]
    found = [q for (p, a), (n, b) in pairwise(marked) if a and b for q in (p, n)]
    if not found:
        return None
    return Flaw(
        message="The text is about the scene, the story or how to write it.",
        evidence=evidence(found),
        constraint="Tell the story only: no remarks, plans or advice on the scene or its writing.",
    )


def judged(text: Prose) -> Iterator[tuple[str, str]]:
    """The paragraphs that are judged, each with what is read of it."""
    for paragraph in text.paragraphs:
        narration = " ".join(Prose(paragraph).narration)
        if count_words(narration) >= LEAST:
            yield paragraph, narration[:MOST]


@cache
def _weights() -> Weights:
    return Weights.model_validate_json(WEIGHTS.read_text(encoding="utf-8"))
