"""The events of training and evaluation, which are processes of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from novelcraft.state.base import Frozen
from novelcraft.state.stream import EventCodec

StopReason = Literal["finished", "early", "cancelled", "nan"]
Method = Literal["sft", "dpo"]
"""What is learnt from: rows, or pairs of scenes."""


class _Measured(Frozen):
    """What may hold infinity or no number: a step in fp16 whose scale was too large does.

    JSON has no such numbers. Written as `null`, they could not be read again as numbers.
    """

    model_config = ConfigDict(ser_json_inf_nan="constants")


class TrainStarted(Frozen):
    """The model and the rows are loaded, and the first step begins."""

    kind: Literal["train_started"] = "train_started"
    method: Method = "sft"
    base_model: str
    device: str
    precision: str
    steps: int
    """Steps of the whole run."""
    resumed_at: int
    """The step that it goes on after; 0 for a new run."""
    rows: int
    """Rows or pairs, by the method."""
    validation_rows: int
    batches: int
    """Batches of a pass: rows, or packs of rows, over all devices."""
    eval_steps: int = 0
    """Steps between two validations; 0 for none."""
    sample_steps: int = 0
    """Steps between two rounds of samples; 0 for none."""
    samples: int = 0
    """Samples of a round."""
    trainable: int
    """Number of trainable parameters."""
    weights_bytes: int
    """Memory that the loaded model takes."""


class TrainNotice(Frozen):
    """Something a person should know, that is no error."""

    kind: Literal["train_notice"] = "train_notice"
    text: str


class TrainPaused(Frozen):
    """Training pauses to do something else, whose end is a `Validated` or a `SampleWritten`."""

    kind: Literal["train_paused"] = "train_paused"
    doing: Literal["validating", "sampling"]


class TrainStep(_Measured):
    """A step of the optimiser is done."""

    kind: Literal["train_step"] = "train_step"
    step: int
    steps: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float
    """On all devices together, padding not included."""
    memory_bytes: int
    """The most that was taken so far: of the accelerator, or of the process."""
    margin: float | None = None
    """Of preference tuning: mean reward of the better scenes, less that of the others."""
    accuracy: float | None = None
    """Of tuning on pairs: share of them whose better scene has the higher reward."""


class ChapterLoss(_Measured):
    """A validation chapter."""

    chapter: str
    tokens: int
    loss: float
    perplexity: float


class PreferenceScore(_Measured):
    """How a narrator ranks the scenes of held-out pairs.

    A scene's reward is `beta` times the logarithm of how much likelier it is to the adapter than
    it was to the reference.
    """

    chosen: float
    """Mean reward of the better scenes."""
    rejected: float
    accuracy: float
    """Share of pairs whose better scene has the higher reward."""

    @property
    def margin(self) -> float:
        """What the better scenes have over the others."""
        return self.chosen - self.rejected


class Validated(_Measured):
    """The validation rows were read with the adapter as it is."""

    kind: Literal["validated"] = "validated"
    step: int
    loss: float
    """Mean over all tokens that are to be learnt; of preference tuning, the method's own loss."""
    perplexity: float
    """Of the scenes that are to be learnt: of pairs, the better ones."""
    train_loss: float
    """Of the steps since the validation before: the gap to `loss` is what is learnt by heart."""
    best: bool
    chapters: tuple[ChapterLoss, ...]
    preference: PreferenceScore | None = None


class SampleWritten(Frozen):
    """The narrator wrote to one of the fixed briefs."""

    kind: Literal["sample_written"] = "sample_written"
    step: int
    row_id: str
    path: str


class CheckpointSaved(Frozen):
    """The run can go on from here."""

    kind: Literal["checkpoint_saved"] = "checkpoint_saved"
    step: int
    path: str


class TrainStopped(Frozen):
    """The run is over."""

    kind: Literal["train_stopped"] = "train_stopped"
    reason: StopReason
    step: int
    best_step: int
    """The step that the adapter is of; 0 where there is none."""
    adapter: str
    """The adapter's folder; empty where there is none."""
    checkpoint: str
    """What `--resume` goes on from; empty where there is nothing."""
    seconds: float
    detail: str = ""
    """For a person: why, where the reason alone does not say it."""


class TrainFailed(Frozen):
    """The run could not start, or broke."""

    kind: Literal["train_failed"] = "train_failed"
    error: str
    fix: str
    exit_code: int


EvalPart = Literal["perplexity", "writing", "probes", "measuring"]


class EvalStarted(Frozen):
    """Base and adapter are loaded, and the evaluation begins."""

    kind: Literal["eval_started"] = "eval_started"
    adapter: str
    base_model: str
    device: str


class EvalProgress(Frozen):
    """A part of the evaluation has come further."""

    kind: Literal["eval_progress"] = "eval_progress"
    part: EvalPart
    done: int
    total: int
    """In rows that are read, scenes that are written, or texts that are measured."""


class EvalFinished(Frozen):
    """The evaluation is written."""

    kind: Literal["eval_finished"] = "eval_finished"
    path: str
    """The evaluation's file."""
    perplexity_base: float
    perplexity_tuned: float
    style_base: float | None
    style_tuned: float | None
    passed: bool
    """Whether the gate lets the adapter through."""
    seconds: float


TrainEvent = Annotated[
    TrainStarted
    | TrainNotice
    | TrainPaused
    | TrainStep
    | Validated
    | SampleWritten
    | CheckpointSaved
    | TrainStopped
    | TrainFailed
    | EvalStarted
    | EvalProgress
    | EvalFinished,
    Field(discriminator="kind"),
]

TRAIN_EVENTS: EventCodec[TrainEvent] = EventCodec(TypeAdapter(TrainEvent))
