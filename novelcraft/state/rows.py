"""Training rows, and the manifest that says how they came about.

Rows are lines of JSON with the same fields and types in every line, so that any reader of
`messages` data sets takes them as they are.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from novelcraft.state.base import Frozen
from novelcraft.state.calls import Message
from novelcraft.state.layout import Layout

RowKind = Literal["scene", "style"]


class TrainingRow(Frozen):
    """One conversation to learn from: the narrator's prompt, and the scene as the answer."""

    row_id: str
    """Unique in its data set: `the-iron-heel/ch03-s02`."""
    kind: RowKind
    book_id: str
    """Of a style row, the name of its folder."""
    chapter_index: int = Field(ge=1)
    """Of a style row, the number of its file."""
    scene_id: str
    """Of a window over several scenes, the one that it begins in."""
    messages: tuple[Message, ...]
    """System, user, assistant."""
    prompt_tokens: int = Field(ge=0)
    """Of the prompt as the base model is sent it, with the chat template's."""
    completion_tokens: int = Field(ge=0)
    """Of what the base model has to write, a think block and the end of its turn included."""
    tokens: int = Field(ge=0)
    """Of the whole row."""
    trimmed: int = Field(ge=0)
    """Tokens of context that had to be left out."""
    prompt_hash: str
    """SHA-256 of the messages before the answer, as the narrator's calls are logged with."""


class Trim(Frozen):
    """Context that was left out of a row."""

    row_id: str
    section: str
    """Which part: world, summary, canon, tail, plan or brief."""
    tokens: int
    """How many were left out."""
    because: Literal["section", "row"]
    """Whether the part was longer than its own budget, or the row than it may be."""


class SkippedRow(Frozen):
    """A text that became no row."""

    row_id: str
    reason: str
    """For a person, with the numbers."""


class TokenizerNote(Frozen):
    """What the tokens of a data set are."""

    name: str
    exact: bool
    """Whether it is the base model's own; otherwise all counts are approximate."""
    fingerprint: str
    """SHA-256 of its `tokenizer.json`."""
    template: str
    """SHA-256 of its chat template."""
    own_template: bool
    """Whether the base model brings that template; otherwise ChatML is assumed."""


class ThinkNote(Frozen):
    """What rows have in a think block, and how a narrator trained on them is to be asked."""

    block: Literal["none", "optional", "always"]
    """Whether the chat template has a think block, and whether it can be told to leave it."""
    content: Literal["none", "empty", "beats"]
    """What stands in it."""
    narrator_think: bool | None
    """What `[roles.narrator] think` must be when it is served; None where it does not matter."""


class SplitNote(Frozen):
    """Which part of a data set is kept back for validation, and how it was chosen."""

    by: Literal["chapter", "book"]
    share: float
    """The share that was asked for."""
    seed: int
    validation: tuple[str, ...]
    """The chapters (`the-iron-heel/3`) or books, in the order of the data set."""
    validation_share: float
    """The share of tokens that it came to."""


class StrategyCost(Frozen):
    """What a way of cutting rows costs in one pass over a data set."""

    strategy: str
    rows: int
    text_tokens: int
    """Tokens of prose in all rows."""
    duplicate_tokens: int
    """Those of them that an earlier row has too."""
    context_tokens: int
    """Tokens of context in all rows, where each takes its whole budget."""
    steps: int
    """Steps of an optimiser that takes `rows_per_step` rows at a time."""
    rows_per_step: int


class RowFile(Frozen):
    """A file of rows."""

    name: str
    rows: int
    tokens: int
    sha256: str
    """Of its bytes, 64 hex digits."""


class BookRows(Frozen):
    """What a book, or a folder of samples, contributes."""

    book_id: str
    sha256: str
    """Of its JSON, or of the samples' texts: other rows come from other contents."""
    scenes: int
    """Scenes, or chunks of samples."""
    rows: int
    tokens: int


class RowManifest(Frozen):
    """How a data set came about: the same manifest stands for the same bytes."""

    version: int = 1
    tokenizer: TokenizerNote
    think: ThinkNote
    prompt_template: str
    """SHA-256 of the narrator's prompt template."""
    layout: Layout | None = None
    """That the rows are compiled in; None in a manifest of before there were layouts."""
    settings: dict[str, Any]
    """The settings of the preparation."""
    split: SplitNote
    files: tuple[RowFile, ...]
    books: tuple[BookRows, ...]
    costs: tuple[StrategyCost, ...]
    """Of the chosen way of cutting rows and of the others, for comparison."""
    trims: tuple[Trim, ...]
    skipped: tuple[SkippedRow, ...]
