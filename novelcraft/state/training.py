"""The pipeline from books to a registered adapter: where a run is in it, and its events.

The events of preparation, training and evaluation come from whoever does them; those here are
of the steps between.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pydantic import Field, TypeAdapter

from novelcraft.state.base import Frozen
from novelcraft.state.evaluation import GateVerdict
from novelcraft.state.prep import PrepEvent
from novelcraft.state.stream import EventCodec
from novelcraft.state.train_events import TrainEvent

PipelineEnd = Literal["", "registered", "books", "does not fit", "cancelled", "lost", "failed"]
"""Why a run ended: its adapter is registered; books could not be prepared; it would not fit; a
person stopped it; the loss was no number any more; a process failed. Empty while it goes on."""


class PipelineState(TypedDict):
    """State of the training graph: paths, flags and verdicts, never text of a book."""

    prepare: bool
    """Whether books were named."""
    resume: bool
    """Whether to go on from the last checkpoint, where there is one."""
    anyway: bool
    """Whether to train even what does not fit."""
    evaluate: bool
    """Whether an adapter is to be evaluated."""
    adapter: str
    """The adapter's folder; empty before there is one."""
    step: int
    """The step that the training run came to."""
    best_step: int
    """The step that the adapter is of."""
    verdict: GateVerdict
    """What the gate says of it; `not_evaluated` before it was asked."""
    reasons: tuple[str, ...]
    """Why it did not pass, for a person."""
    report: str
    """The report's page; empty where there is none."""
    end: PipelineEnd
    error: str
    """For a person: why it ended, where that is not where it leads to."""
    fix: str
    """For a person: what to do about it."""
    exit_code: int


FitVerdict = Literal["fits", "may fit", "does not fit", "unknown"]
"""Whether a run fits its device: of the two ends of the estimate both do, one does, or none."""


class PipelinePlanned(Frozen):
    """What training will take, before anything is loaded."""

    kind: Literal["pipeline_planned"] = "pipeline_planned"
    model: str
    device: str
    """Empty where none is known."""
    verdict: FitVerdict
    least: float
    """Memory of each device at the least, in decimal gigabytes."""
    peak: float
    """And at the most."""
    available: float | None
    rows: int
    steps: int
    hours: float | None
    """None where the speed is not known."""
    changes: tuple[str, ...]
    """What would take less, where it may not fit."""
    notices: tuple[str, ...]


class AdapterJudged(Frozen):
    """The gate has looked at the adapter's evaluation."""

    kind: Literal["adapter_judged"] = "adapter_judged"
    verdict: GateVerdict
    reasons: tuple[str, ...]
    """Why it did not pass, for a person."""


class AdapterRegistered(Frozen):
    """The adapter has its model card."""

    kind: Literal["adapter_registered"] = "adapter_registered"
    name: str
    adapter: str
    report: str
    """The report's page; empty where there is none."""


PipelineEvent = Annotated[
    PrepEvent | TrainEvent | PipelinePlanned | AdapterJudged | AdapterRegistered,
    Field(discriminator="kind"),
]

PIPELINE_EVENTS: EventCodec[PipelineEvent] = EventCodec(TypeAdapter(PipelineEvent))
