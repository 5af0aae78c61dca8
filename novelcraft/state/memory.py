"""What generated texts have kept of the texts that a narrator was trained on, and the gate."""

from __future__ import annotations

from pydantic import Field

from novelcraft.state.base import Frozen

UNMEASURED = "Not measured: "
"""Begins the reasons that say nothing against an adapter, but that too little is known of it."""


class MemoryLimits(Frozen):
    """What the gate lets through."""

    run_words: int = Field(default=20, ge=1)
    """A run of so many words in common with the training text fails."""
    overlap: float = Field(default=0.05, ge=0, le=1)
    """Largest 5-gram Jaccard index of a scene and the human scene for the same brief, without the
    5-grams of the prompt."""
    run_share: float = Field(default=0.02, ge=0, le=1)
    """Largest share of all words in runs of 8 or more that the training text has too. Scenes
    of published novels have up to 0.011 in common with the rest of their books."""
    alike_share: float = Field(default=0.005, ge=0, le=1)
    """Largest share of all words in passages that are alike to the training text, see
    `tools.metrics.alignment`. Published novels have none in common with each other."""

    def looser_than(self, other: MemoryLimits) -> bool:
        """Whether any limit lets through what the other does not."""
        return any(value > getattr(other, name) for name, value in self)


class GeneratedText(Frozen):
    """A scene that a narrator wrote, to be searched."""

    name: str
    """For the report: `held-out/the-iron-heel/ch03-s02`."""
    text: str
    brief: str = ""
    """All that the prompt told it: names in it are no leaks, and what is quoted from it is no
    memory."""
    original: str | None = None
    """The human scene for the same brief, for a scene that was held out of training."""
    other_world: bool = False
    """Whether it is set in a world of no training book, so that their names have no place."""
    trained_prompt: bool = False
    """Whether its prompt is one that the narrator was trained on, where reciting comes easiest."""


class VerbatimRun(Frozen):
    """A run of words that stands in a generated text and in the training text.

    Letter case, punctuation, accents, apostrophes and hyphens make no difference.
    """

    text: str
    """Name of the generated text."""
    word: int = Field(ge=0)
    """Number of the run's first word there, from 0."""
    source: str
    """Name of the training text."""
    source_word: int = Field(ge=0)
    length: int = Field(ge=1)
    """In words, without those that the prompt quotes; the parts of a hyphenated word count."""
    quote: str
    """From the generated text, verbatim; a long run is cut short."""


class AlikePassage(Frozen):
    """A passage of a generated text that the training text has too, all but word for word."""

    text: str
    """Name of the generated text."""
    source: str
    """Name of the training text."""
    words: int = Field(ge=1)
    """In the generated text."""
    matched: int = Field(ge=1)
    """Words of them that stand in the training text, in order; a name matches any name."""
    quote: str
    """From the generated text, verbatim; a long passage is cut short."""


class Overlap(Frozen):
    """How much a scene shares with the human scene for the same brief."""

    text: str
    jaccard: float = Field(ge=0, le=1)
    """Of their distinct 5-grams but those of the prompt."""


class NameLeak(Frozen):
    """A name of the training books in a text of another world."""

    text: str
    name: str
    count: int = Field(ge=1)
    quote: str
    """The words around its first place."""


class MemoryReport(Frozen):
    """What was searched for, what was found, and whether it passes."""

    limits: MemoryLimits
    texts: int
    words: int
    """Of all generated texts, without those quoted from their prompts; shares are of these."""
    training_texts: int
    training_words: int
    training_names: int
    """Names in the training texts that were looked for."""
    runs: tuple[VerbatimRun, ...]
    """The longest run of each text that has one of 8 words or more, the longest first."""
    run_share: float = 0.0
    """Share of all words in such runs, 0 to 1."""
    alike: tuple[AlikePassage, ...] = ()
    """The longest alike passage of each text that has one, the longest first."""
    alike_share: float | None = None
    """Share of all words in such passages, 0 to 1; None in a report of before they were
    looked for."""
    overlaps: tuple[Overlap, ...]
    """The largest first."""
    names: tuple[NameLeak, ...]
    reasons: tuple[str, ...]
    """Why the gate fails: what breaks a limit, and what could not be measured, which begins with
    `UNMEASURED`."""

    @property
    def passed(self) -> bool:
        """Whether everything was measured and is within its limit."""
        return not self.reasons
