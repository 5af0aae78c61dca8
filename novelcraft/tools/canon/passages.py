"""Cut scenes into the passages that the index holds."""

from __future__ import annotations

from novelcraft.state.canon import Passage
from novelcraft.state.manuscript import SceneCommit, count_words
from novelcraft.tools.metrics.text import paragraphs, sentences

PASSAGE_WORDS = 200
"""A passage is ended at the first paragraph that would make it longer than this."""

RULE = f"paragraphs-{PASSAGE_WORDS}"
"""Names how passages are cut: an index whose passages were cut otherwise is made anew."""


def passages(commit: SceneCommit) -> list[Passage]:
    """The passages of a scene, in order; together they hold all of its words.

    They end where paragraphs end. A paragraph that is too long by itself is cut after
    sentences.
    """
    texts: list[str] = []
    length = 0
    for unit, joint in _units(commit.prose):
        length += count_words(unit)
        if texts and length <= PASSAGE_WORDS:
            texts[-1] += joint + unit
        else:
            texts.append(unit)
            length = count_words(unit)
    return [
        Passage(id=f"{commit.id}:{n}", commit=commit.id, position=commit.position, text=text)
        for n, text in enumerate(texts)
    ]


def _units(prose: str) -> list[tuple[str, str]]:
    """What is not cut further, each with what joins it to the one before."""
    units: list[tuple[str, str]] = []
    for paragraph in paragraphs(prose):
        if count_words(paragraph) <= PASSAGE_WORDS:
            units.append((paragraph, "\n\n"))
            continue
        first, *rest = sentences(paragraph)
        units += [(first, "\n\n"), *((sentence, " ") for sentence in rest)]
    return units
