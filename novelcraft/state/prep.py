"""The stages of preparation, what is recorded of each, and the events of a run."""

from __future__ import annotations

from operator import add
from typing import Annotated, Any, Literal, TypedDict, get_args

from pydantic import Field, TypeAdapter, model_validator

from novelcraft.state.base import Frozen, renamed
from novelcraft.state.books import CutBy
from novelcraft.state.stream import EventCodec

Stage = Literal[
    "convert", "clean", "base", "world", "scenes", "facts", "summaries", "briefs", "rows"
]
STAGES: tuple[Stage, ...] = get_args(Stage)

Freshness = Literal["missing", "fresh", "stale", "edited"]
"""What stands where a stage's product should be: nothing; what it made of the same input; what it
made of another input; or what a person put there, which is kept."""


class TargetRecord(Frozen):
    """One thing that a stage made, by the hashes of what it was made from and of itself."""

    inputs: str
    output: str
    earlier: tuple[str, ...] = ()
    """Hashes of what the output took the place of, for runs that die before they write it."""

    @model_validator(mode="before")
    @classmethod
    def _earlier_names(cls, given: Any) -> Any:
        return renamed(given, {"was": "earlier"})


class StageRecord(Frozen):
    """What a stage made of one book."""

    targets: dict[str, TargetRecord] = Field(default_factory=dict)
    """By file, chapter or scene."""
    notices: tuple[str, ...] = ()
    """What a person should know of it."""
    seconds: float = 0.0
    """Time it took when it last had something to do."""

    @model_validator(mode="before")
    @classmethod
    def _earlier_names(cls, given: Any) -> Any:
        return renamed(given, {"units": "targets"})


class BuildRecord(Frozen):
    """The file of a book's build manifest."""

    stages: dict[Stage, StageRecord] = Field(default_factory=dict)


class BookTask(TypedDict):
    """A book to prepare."""

    book_id: str
    path: str
    """Its file; empty for a book whose raw text is in the folder already."""
    until: Stage


class BookResult(TypedDict):
    """What came of a book."""

    book_id: str
    error: str
    """Why it could not be prepared; empty when it was."""
    exit_code: int


class CorpusState(TypedDict):
    """State of the prep graph: names and numbers, never text."""

    tasks: list[BookTask]
    until: Stage
    results: Annotated[list[BookResult], add]


class ChapterCut(Frozen):
    """Where a chapter may be cut."""

    chapter: int
    breaks: dict[int, CutBy]
    """Who found it, by the number of the block that something new begins with."""
    seconds: float = 0.0


class BookState(TypedDict):
    """State of one book's part of the graph."""

    book_id: str
    path: str
    until: Stage
    wide: bool
    """Whether the server answers more than one call at once."""
    chapters: int
    cuts: Annotated[list[ChapterCut], add]
    briefed: Annotated[int, add]
    """Scenes that were given a brief."""


class ChapterTask(TypedDict):
    """A chapter to work on, beside the others."""

    book_id: str
    chapter: int
    chapters: int
    """How many there are."""


class PrepStarted(Frozen):
    """A run begins."""

    kind: Literal["prep_started"] = "prep_started"
    books: int
    until: Stage


class StageDone(Frozen):
    """A stage of a book is done, or was found done."""

    kind: Literal["stage_done"] = "stage_done"
    book_id: str
    stage: Stage
    fresh: bool
    """Whether there was nothing to do."""
    detail: str = ""
    """What came of it, in a few words."""


class StageProgress(Frozen):
    """A part of a stage is done: a chapter or a scene. They come in any order."""

    kind: Literal["stage_progress"] = "stage_progress"
    book_id: str
    stage: Stage
    part: int
    total: int


class BookNotice(Frozen):
    """Something a person should know about a book, that is no error."""

    kind: Literal["book_notice"] = "book_notice"
    book_id: str
    text: str


class BookFailed(Frozen):
    """A book cannot be prepared. The others go on."""

    kind: Literal["book_failed"] = "book_failed"
    book_id: str
    error: str


class PrepFinished(Frozen):
    """The run is over."""

    kind: Literal["prep_finished"] = "prep_finished"
    books: int
    failed: int
    rows: int
    seconds: float


PrepEvent = Annotated[
    PrepStarted | StageDone | StageProgress | BookNotice | BookFailed | PrepFinished,
    Field(discriminator="kind"),
]

PREP_EVENTS: EventCodec[PrepEvent] = EventCodec(TypeAdapter(PrepEvent))
