"""A run of the whole pipeline from books to a registered adapter.

This is the face that the command line or another program uses.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import write_train_config
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.finetune.training.publishing import require_new
from novelcraft.finetune.training.runfile import CHECKPOINTS, check_settings
from novelcraft.graphs.training.context import Prepare, TrainingContext, TrainingTools
from novelcraft.graphs.training.following import Follower
from novelcraft.graphs.training.graph import build_training_graph
from novelcraft.graphs.training.tools import evaluation_settings
from novelcraft.state.evaluation import EvalSettings, GateVerdict
from novelcraft.state.stream import OnEvent
from novelcraft.state.training import (
    PIPELINE_EVENTS,
    PipelineEnd,
    PipelineEvent,
    PipelineState,
)
from novelcraft.tools.storage.feed import FeedWriter, recording
from novelcraft.tools.storage.files import storage_errors
from novelcraft.tools.storage.lock import ProjectLock

CONFIG_FILE = "train.yaml"
"""The run's settings in its folder, where they came from no file of a person's."""


@dataclass(frozen=True)
class PipelineOutcome:
    """What came of a run."""

    end: PipelineEnd
    adapter: str
    """The adapter's folder; empty where there is none."""
    step: int
    best_step: int
    verdict: GateVerdict
    reasons: tuple[str, ...]
    """Why the gate did not let it pass, for a person."""
    report: str
    error: str
    fix: str
    exit_code: int
    """0 for an adapter that is registered and did not fail the gate."""


class TrainingPipeline:
    """A training run: its folder, its settings, and what is done with it.

    Args:
        config: The run's settings.
        file: The file that they are in; None has one written into the run's folder.
        prepare: Prepares books first; None trains on the rows that are there.
        evaluation: How to evaluate; None for what the settings and this machine say.
        tools: What does the work.
    """

    def __init__(
        self,
        config: TrainConfig,
        file: Path | None = None,
        *,
        prepare: Prepare | None = None,
        evaluation: EvalSettings | None = None,
        tools: TrainingTools | None = None,
    ) -> None:
        self.folder = Path(config.output).expanduser()
        self.data = Path(config.data).expanduser()
        self.file = file or self.folder / CONFIG_FILE
        self.config = config
        self._named = file is not None
        self._prepare = prepare
        self._evaluation = evaluation
        self._tools = tools or TrainingTools()
        self._follower = Follower()
        self._task: asyncio.Task[object] | None = None

    async def run(
        self, *, resume: bool = False, anyway: bool = False, on_event: OnEvent[PipelineEvent]
    ) -> PipelineOutcome:
        """Run the pipeline, to its end or to where it stops.

        Args:
            resume: Go on with what is done of it.
            anyway: Train even what does not fit.
            on_event: Listens to the run's events.

        Raises:
            CheckpointError: The folder holds the checkpoints of a run, and it is not to be resumed,
                or was started with other settings; or it holds an adapter without checkpoints.
            ProjectBusyError: Another run works in the folder.
            TrainingError: The rows cannot be trained on, or a process died without a word.
            asyncio.CancelledError: A person stopped it between two processes.
        """
        self._task = asyncio.current_task()
        checkpoints = Checkpoints(self.folder / CHECKPOINTS)
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with ProjectLock(self.folder), FeedWriter(self.folder) as feed:
            # Before the settings that a run goes by are written over.
            if resume and checkpoints.steps():
                check_settings(self.folder, self.config)
            else:
                require_new(self.folder, checkpoints)
            if not self._named:
                write_train_config(self.config, self.file)
            context = TrainingContext(
                file=self.file,
                config=self.config,
                data=self.data,
                checkpoints=checkpoints,
                tools=self._tools,
                evaluation=await self._how_to_evaluate(),
                prepare=self._prepare,
                follower=self._follower,
                emit=recording(feed, PIPELINE_EVENTS, on_event),
            )
            state = self._start(resume=resume, anyway=anyway)
            graph = build_training_graph()
            end = cast("PipelineState", await graph.ainvoke(state, context=context))
        return _outcome(end)

    def cancel(self) -> None:
        """Stop: training saves a checkpoint first. Called again, it ends at once."""
        if not self._follower.cancel() and self._task is not None:
            self._task.cancel()

    async def _how_to_evaluate(self) -> EvalSettings:
        if self._evaluation is not None:
            return self._evaluation
        # The driver's own tool is asked for accelerators, which may take seconds.
        return await asyncio.to_thread(evaluation_settings, self.config)

    def _start(self, *, resume: bool, anyway: bool) -> PipelineState:
        return PipelineState(
            prepare=self._prepare is not None,
            resume=resume,
            anyway=anyway,
            evaluate=self.config.evaluate,
            adapter="",
            step=0,
            best_step=0,
            verdict="not_evaluated",
            reasons=(),
            report="",
            end="",
            error="",
            fix="",
            exit_code=0,
        )


def _outcome(end: PipelineState) -> PipelineOutcome:
    return PipelineOutcome(
        end=end["end"],
        adapter=end["adapter"],
        step=end["step"],
        best_step=end["best_step"],
        verdict=end["verdict"],
        reasons=tuple(end["reasons"]),
        report=end["report"],
        error=end["error"],
        fix=end["fix"],
        exit_code=end["exit_code"],
    )
