"""The data card: what a corpus of books came to as training data, in numbers."""

from __future__ import annotations

from pydantic import Field

from novelcraft.state.base import Frozen
from novelcraft.state.books import CutBy
from novelcraft.state.duplicates import Duplicate
from novelcraft.state.prep import Stage
from novelcraft.state.rows import (
    RowFile,
    SkippedRow,
    SplitNote,
    StrategyCost,
    ThinkNote,
    TokenizerNote,
)


class Histogram(Frozen):
    """How often lengths fall into classes of equal width."""

    start: int = 0
    """The lower end of the first class."""
    step: int = Field(default=1, ge=1)
    """The width of a class; its lower end belongs to it, its upper one to the next."""
    counts: tuple[int, ...] = ()
    """Of each class, in order; empty where nothing was measured."""
    total: int = 0
    least: int = 0
    median: int = 0
    """The lower one of two in the middle."""
    most: int = 0
    sum: int = 0


class CardBook(Frozen):
    """A book of the corpus."""

    book_id: str
    title: str
    author: str
    language: str
    words: int
    """Of the cleaned narrative."""
    chapters: int
    scenes: int
    rows: int
    row_tokens: int
    notices: tuple[str, ...] = ()
    """What a person should know of it."""


class SceneCounts(Frozen):
    """How the scenes keep to their limits, and who cut them."""

    low: int
    """Tokens of the shortest scene that is not its chapter's remainder."""
    high: int
    total: int = 0
    remainders: int = 0
    """What was left of chapters, and so may be short."""
    within: int = 0
    """Scenes that are no remainder and keep to the limits."""
    above: int = 0
    """Scenes longer than they may be; more than none is a fault, or a person's doing."""
    begun_by: dict[CutBy, int] = Field(default_factory=dict)
    """Who found where scenes begin; those that begin with their chapter are left out."""
    without_summary: int = 0
    """Scenes after the first of their book that have no story so far."""
    without_brief: int = 0
    facts: int = 0
    """Facts of all scenes, of which canon notes are made."""
    without_facts: int = 0
    """Scenes whose facts were not looked for; those that have none are not among them."""
    repaired: tuple[tuple[str, int], ...] = ()
    """Where code stood in for a model: what it had to do, and in how many scenes."""

    @property
    def whole(self) -> int:
        """Scenes that are no remainder."""
        return self.total - self.remainders

    @property
    def within_share(self) -> float:
        """Of the scenes that are no remainder, those within the limits, 0 to 1."""
        return self.within / self.whole if self.whole else 1.0

    @property
    def begun(self) -> int:
        """Scenes that begin inside a chapter."""
        return sum(self.begun_by.values())

    @property
    def fallback_share(self) -> float:
        """Of those, the ones whose beginning neither the model nor the author chose, 0 to 1."""
        fallbacks = self.begun_by.get("embedding", 0) + self.begun_by.get("length", 0)
        return fallbacks / self.begun if self.begun else 0.0


class RowCounts(Frozen):
    """What the rows hold."""

    limit: int
    """Tokens that a row may have."""
    total: int = 0
    by_kind: dict[str, int] = Field(default_factory=dict)
    above: int = 0
    """Rows longer than they may be; more than none is a fault, or a person's doing."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    trimmed: int = 0
    """Rows whose context had to be trimmed."""

    @property
    def ratio(self) -> float:
        """Tokens to learn over tokens of context; 0 without rows."""
        return self.completion_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


class TrimLine(Frozen):
    """How much of one part of the context was left out, over all rows."""

    section: str
    rows: int
    tokens: int


class DropLine(Frozen):
    """What cleaning dropped for one reason, over all books."""

    reason: str
    times: int
    words: int
    example: str
    """The first text that was dropped for it, shortened."""


class PurposeCost(Frozen):
    """What the models were asked for one purpose, failed calls included."""

    purpose: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    """Prompt tokens that the server had in its cache; counted in `prompt_tokens` too."""
    completion_tokens: int
    seconds: float
    """Time in calls; those in flight together count each."""


class StageTime(Frozen):
    """The time of one stage."""

    stage: Stage
    seconds: float
    """Summed over books, which run side by side."""


class DataCard(Frozen):
    """Everything that the data card shows."""

    version: int = 1
    tokenizer: TokenizerNote | None = None
    """None before rows were made."""
    think: ThinkNote | None = None
    models: tuple[str, ...] = ()
    """Who marked, summarized and described scenes."""
    books: tuple[CardBook, ...]
    scenes: SceneCounts
    rows: RowCounts
    scene_tokens: Histogram
    cut_tokens: Histogram
    row_tokens: Histogram
    trims: tuple[TrimLine, ...] = ()
    skipped: tuple[SkippedRow, ...] = ()
    drops: tuple[DropLine, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    duplicates_dropped: bool = False
    """Whether copies were left out of the rows."""
    split: SplitNote | None = None
    files: tuple[RowFile, ...] = ()
    strategy: str = ""
    """The chosen way of cutting rows."""
    strategies: tuple[StrategyCost, ...] = ()
    """What that way costs, and what the others would."""
    calls: tuple[PurposeCost, ...] = ()
    times: tuple[StageTime, ...] = ()

    @property
    def words(self) -> int:
        """Words of all books."""
        return sum(book.words for book in self.books)

    @property
    def copies(self) -> int:
        """Scenes that repeat earlier ones so much that they count as copies."""
        return sum(duplicate.is_copy for duplicate in self.duplicates)
