"""How near a text comes to a writer's style: profiles, the reference they are held against, scores.

A measure of scores, for reports. What a prompt says of a style is another thing
(`tools.books.rows.style_profile`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from novelcraft.state.base import Frozen, content_hash

StylePart = Literal["vocabulary", "sentences", "structure", "pacing", "function_words"]
"""The parts of a score."""
Side = Literal["candidate", "reference"]
"""The text that is scored, or the writer's."""


class Scale(Frozen):
    """How a measure varies among the pools of a reference."""

    mean: float
    deviation: float = Field(gt=0)
    """Standard deviation."""


class Calibration(Frozen):
    """Distances between pools of real books."""

    same: tuple[float, ...] = Field(min_length=2)
    """Quantiles, evenly spaced from the least to the largest, of pools by one author."""
    other: tuple[float, ...] = Field(min_length=2)
    """The same, of pools by two authors."""
    auc: float = Field(ge=0, le=1)
    """How often a distance between authors is the larger one of such a pair: 0.5 is chance."""


class StyleScales(Frozen):
    """How each measure of a pool varies among the pools of a reference."""

    function_words: dict[str, Scale]
    """Share of all words, by word."""
    structure: dict[str, Scale]
    pacing: dict[str, Scale]


class StyleReference(Frozen):
    """Figures measured on real books: what is usual, and how far apart authors are. No text."""

    language: str
    """BCP 47 tag of the books."""
    pool_words: int = Field(ge=1)
    """Least number of words of a pool."""
    books: int
    authors: int
    pools: int
    across_books: bool
    """Whether the pools of an author that were compared come from different books. Chapters of
    one book share its story, so their distances are too small for a text with another story."""
    known_words: float = Field(gt=0, le=1)
    """Mean share of words that are function words, by which a text in another language shows."""
    scales: StyleScales
    parts: dict[StylePart, Calibration]
    overall: Calibration

    @property
    def key(self) -> str:
        """Names what profiles must share to be compared: the measures and the size of pools."""
        scales = (self.scales.function_words, self.scales.structure, self.scales.pacing)
        return content_hash([self.language, self.pool_words, *map(sorted, scales)])[:16]


class StylePool(Frozen):
    """What a stretch of prose measures."""

    words: int
    content: dict[str, int]
    """How often each word occurs that is neither a function word nor a name."""
    sentences: tuple[float, ...]
    """Shares of the sentences by length, in the classes of `SENTENCE_STEPS`."""
    structure: dict[str, float]
    pacing: dict[str, float]
    function_words: dict[str, float]
    """Share of all words, by word."""


class StyleProfile(Frozen):
    """A writer's style: the measures of pools of their prose."""

    language: str
    reference: str
    """`key` of the reference it was made with."""
    words: int
    pools: tuple[StylePool, ...]
    """Empty when there were too few words for one."""


class PartScore(Frozen):
    """One distance, and where it lies among those of real books."""

    distance: float
    score: float = Field(ge=0, le=100)
    """100 at the median distance of an author's own pools and below, 0 at the median distance of
    other authors and above; in between by percentile."""
    nearer_than_same: float = Field(ge=0, le=1)
    """Share of the author's-own distances that are larger than this one."""
    nearer_than_other: float = Field(ge=0, le=1)
    """Share of the distances between authors that are larger than this one."""


class StyleScore(Frozen):
    """How near a text comes to a profile."""

    overall: PartScore
    parts: dict[StylePart, PartScore]
    words: int
    """Of the candidate."""
    pools: int
    reference_words: int
    reference_pools: int


class NoScore(Frozen):
    """Why there is no number."""

    message: str
    """For a person."""


class TooLittleText(NoScore):
    """A text is too short: its distances would be noise."""

    side: Side
    words: int
    needed: int


class OtherLanguage(NoScore):
    """A text is not in the language that the figures were measured on."""

    side: Side
    language: str
    """Of the reference figures."""
