"""What a training run goes through: rows that fit or do not, packs, batches, steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from novelcraft.finetune.data.packing import pack
from novelcraft.finetune.planning.memory_settings import MemorySettings
from novelcraft.state.base import Frozen


class RowTokens(NamedTuple):
    """The lengths of a row, as the base model counts them."""

    row_id: str
    prompt: int
    completion: int

    @property
    def total(self) -> int:
        """Tokens of prompt and completion together."""
        return self.prompt + self.completion


class RunSettings(Frozen):
    """What is asked of a training run."""

    memory: MemorySettings = MemorySettings()
    batch: int = Field(default=1, gt=0)
    """Rows or packs in a micro-batch on one device."""
    accumulation: int = Field(default=8, gt=0)
    """Micro-batches to a step."""
    max_length: int = Field(default=4096, gt=0)
    """Tokens of the longest row, or of a pack."""
    packing: bool = False
    """Whether several short rows are put side by side."""
    scenes: int = Field(default=1, gt=0)
    """Scenes that go through the model together for each row: 2 where rows are pairs, both as
    long as the longer one."""
    read_before: float = Field(default=0.0, ge=0)
    """Passes over the data before training that only read it, for a reference."""
    epochs: float = Field(default=3.0, gt=0)
    max_steps: int = Field(default=0, ge=0)
    """Steps after which it stops, whatever the passes; 0 for no such limit."""
    processes: int = Field(default=1, gt=0)
    """Devices; each holds the whole model."""
    over_long: Literal["refuse", "drop"] = "refuse"
    """What becomes of rows that are too long: none is trained on, and perhaps no other either."""


class OversizeRow(Frozen):
    """A row that is not trained on: a scene is never cut."""

    row_id: str
    tokens: int


class Workload(Frozen):
    """What a run goes through."""

    rows: int
    """Trained on."""
    over_long: tuple[OversizeRow, ...]
    tokens: int
    """Of all rows in one epoch."""
    padded: int
    """With padding."""
    packs: int
    """Rows, or packs of rows."""
    micro_tokens: int
    """In the largest micro-batch on one device."""
    length: float
    """The mean length of the row that a token is in."""
    steps_per_epoch: int
    steps: int
    passes: float
    """Epochs that those steps come to."""


def measure_workload(run: RunSettings, rows: Sequence[RowTokens]) -> Workload:
    """What a run over these rows goes through.

    Without rows, and for rows of unknown length, batches are taken to be as long as they may be.
    """
    lengths = [row.total for row in rows if row.total <= run.max_length]
    over_long = tuple(
        OversizeRow(row_id=row.row_id, tokens=row.total)
        for row in rows
        if row.total > run.max_length
    )
    units = lengths
    if run.packing:
        packs = pack(lengths, run.max_length)
        units = [sum(lengths[number] for number in each) for each in packs]
    tokens = sum(lengths) * run.scenes
    each = _steps_per_epoch(run, len(units))
    stops = bool(run.max_steps and each)
    return Workload(
        rows=len(lengths),
        over_long=over_long,
        tokens=tokens,
        padded=tokens if run.packing else round(_padded(lengths, run.batch)) * run.scenes,
        packs=len(units),
        micro_tokens=run.scenes * run.batch * (max(units, default=0) or run.max_length),
        length=sum(n**2 for n in lengths) / sum(lengths) if tokens else run.max_length,
        steps_per_epoch=each,
        steps=run.max_steps if stops else math.ceil(each * run.epochs),
        passes=run.max_steps / each if stops else run.epochs,
    )


def _steps_per_epoch(run: RunSettings, units: int) -> int:
    if not units:
        return 0
    batches = math.ceil(math.ceil(units / run.processes) / run.batch)
    return math.ceil(batches / run.accumulation)


def _padded(lengths: Sequence[int], batch: int) -> float:
    """Tokens of all batches, where each is as long as its longest row and rows come in any order.

    The longest of n rows drawn at random is the i-th shortest with the probability that all n
    are among the first i, less that all are among the first i - 1.
    """
    count = len(lengths)
    longest = sum(
        length * ((rank / count) ** batch - ((rank - 1) / count) ** batch)
        for rank, length in enumerate(sorted(lengths), start=1)
    )
    return longest * count
