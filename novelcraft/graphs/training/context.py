"""What a node of the training graph gets from outside. Tests pass fakes here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from langgraph.runtime import Runtime

from novelcraft.finetune.planning.plan import TrainPlan
from novelcraft.finetune.registry.cards import stored_gate_result
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.graphs.prep.project import PrepOutcome
from novelcraft.graphs.training import tools
from novelcraft.graphs.training.following import EventSource, Follower
from novelcraft.state.evaluation import AdapterCard, EvalSettings, GateResult
from novelcraft.state.prep import PrepEvent
from novelcraft.state.stream import OnEvent
from novelcraft.state.training import PipelineEvent

Prepare = Callable[[OnEvent[PrepEvent]], Awaitable[PrepOutcome]]
"""Prepares the books that were named; gets who listens to its events."""


@dataclass(frozen=True)
class TrainingTools:
    """What does the work. Each finds in the files what is done already."""

    plan: Callable[[TrainConfig], TrainPlan] = tools.plan_here
    train: Callable[[Path, bool], EventSource] = tools.start_training
    """Starts training by a file of settings, anew or from the last checkpoint."""
    unready: Callable[[Path, TrainConfig, EvalSettings], str] = tools.why_not_evaluated
    """Why an adapter is not evaluated, for a person; empty for one that is to be."""
    evaluate: Callable[[Path, Path, EvalSettings], EventSource] = tools.start_evaluation
    """Starts evaluating an adapter against a data folder."""
    judge: Callable[[Path], GateResult] = stored_gate_result
    """What the gate says of an adapter."""
    register: Callable[[Path, TrainConfig], AdapterCard] = tools.register_adapter
    report: Callable[[Path, AdapterCard], Path | None] = tools.report_adapter
    """Writes the page on an adapter's evaluation; None where there is no evaluation."""


@dataclass(frozen=True)
class TrainingContext:
    """Runtime context of the training graph."""

    file: Path
    """The settings, as the training process reads them."""
    config: TrainConfig
    data: Path
    """The data folder, which holds the rows."""
    checkpoints: Checkpoints
    tools: TrainingTools
    evaluation: EvalSettings
    prepare: Prepare | None
    """None where no books were named."""
    follower: Follower
    emit: OnEvent[PipelineEvent]


TrainingRuntime = Runtime[TrainingContext]
