"""What a training run goes through: rows that fit or do not, packs, batches, steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import Field

from novelcraft.finetune.packing import pack
from novelcraft.finetune.planning.estimate import MemorySettings
from novelcraft.state.base import Frozen
from novelcraft.state.rows import TrainingRow


class RowTokens(NamedTuple):
    """The lengths of a row, as the base model counts them."""

    row_id: str
    prompt: int
    completion: int

    @property
    def total(self) -> int:
        """Both."""
        return self.prompt + self.completion


def row_tokens(rows: Iterable[TrainingRow]) -> list[RowTokens]:
    """The lengths of rows."""
    return [RowTokens(row.row_id, row.prompt_tokens, row.completion_tokens) for row in rows]


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
    read_passes: float = Field(default=0.0, ge=0)
    """Passes over the data that only read it, for a reference."""
    epochs: float = Field(default=3.0, gt=0)
    processes: int = Field(default=1, gt=0)
    """Devices; each holds the whole model."""
    trims: bool = True
    """Whether rows that are too long lose context. Otherwise they are left out whole."""
    least_prompt: int = Field(default=512, ge=0)
    """Tokens that a prompt cannot be trimmed below: its instruction and the scene's brief."""
    compiled: bool = False
    """Whether torch.compile is on."""


class TrimmedRow(Frozen):
    """A row whose context is to be shortened."""

    row_id: str
    tokens: int
    """How many have to go."""


class OversizeRow(Frozen):
    """A row that is not trained on: a scene is never cut."""

    row_id: str
    tokens: int
    """The shortest that it can be."""


class Workload(Frozen):
    """What a run goes through."""

    rows: int
    """Trained on, trimmed ones included."""
    trimmed: tuple[TrimmedRow, ...]
    skipped: tuple[OversizeRow, ...]
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


def measure_workload(run: RunSettings, rows: Sequence[RowTokens]) -> Workload:
    """What a run over these rows goes through.

    Without rows, and for rows of unknown length, batches are taken to be as long as they may be.
    """
    fitting = [row for row in rows if _shortest(row, run) <= run.max_length]
    trimmed = tuple(
        TrimmedRow(row_id=row.row_id, tokens=row.total - run.max_length)
        for row in fitting
        if row.total > run.max_length
    )
    skipped = tuple(
        OversizeRow(row_id=row.row_id, tokens=_shortest(row, run))
        for row in rows
        if _shortest(row, run) > run.max_length
    )
    lengths = [min(row.total, run.max_length) for row in fitting]
    units = lengths
    if run.packing:
        packs = pack(lengths, run.max_length)
        units = [sum(lengths[number] for number in each) for each in packs]
    tokens = sum(lengths) * run.scenes
    steps = _steps_per_epoch(run, len(units))
    return Workload(
        rows=len(lengths),
        trimmed=trimmed,
        skipped=skipped,
        tokens=tokens,
        padded=tokens if run.packing else round(_padded(lengths, run.batch)) * run.scenes,
        packs=len(units),
        micro_tokens=run.scenes * run.batch * (max(units, default=0) or run.max_length),
        length=sum(n**2 for n in lengths) / sum(lengths) if tokens else run.max_length,
        steps_per_epoch=steps,
        steps=math.ceil(steps * run.epochs),
    )


def _shortest(row: RowTokens, run: RunSettings) -> int:
    """What a row can be trimmed to."""
    prompt = min(row.prompt, run.least_prompt) if run.trims else row.prompt
    return prompt + row.completion


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
