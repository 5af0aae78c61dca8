"""A training run, from its settings to an adapter.

The folder of a run:

    run.json        what it was started with, by which a resumed run is known to be the same
    checkpoints/    step-000050/ …: the adapter and all that is needed to go on
    samples/        a folder for each brief, a file for each round
    metrics.jsonl   the steps and validations, for the report
    adapter/        the adapter of the best validation, or of the last step without one
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from novelcraft.errors import LossError, TrainingMemoryError
from novelcraft.finetune.data.preferences import PairData, RunData, load_run_data
from novelcraft.finetune.models import (
    add_adapter,
    find_compute_device,
    load_base,
    load_tokenizer,
    start_from,
    trainable,
)
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.validate import validate
from novelcraft.finetune.training.arguments import Parts, total_steps
from novelcraft.finetune.training.callbacks import Progress, Samples, Steps
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.finetune.training.dpo_trainer import make_pair_trainer
from novelcraft.finetune.training.ending import find_ending
from novelcraft.finetune.training.metrics import METRICS_FILE, keeping
from novelcraft.finetune.training.publishing import publish
from novelcraft.finetune.training.runfile import CHECKPOINTS, THREADS, claim, keep_threads
from novelcraft.finetune.training.stopping import Stop
from novelcraft.finetune.training.threads import NAMED, cores, model_threads, use_threads
from novelcraft.finetune.training.trainer import make_row_trainer
from novelcraft.finetune.training.tuning import Tuning
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import (
    StopReason,
    TrainEvent,
    TrainNotice,
    TrainStarted,
    TrainStopped,
)
from novelcraft.tools.text import counted

SAMPLES = "samples"


def run_training(
    config: TrainConfig,
    emit: OnEvent[TrainEvent],
    *,
    resume: bool = False,
    stop: Stop | None = None,
    data: RunData | None = None,
) -> TrainStopped:
    """Train an adapter.

    Args:
        config: The run's settings.
        emit: Takes what there is to tell, as it happens.
        resume: Go on from the run's last checkpoint.
        stop: Tells when to save and stop; None for never.
        data: The rows; None reads them.

    Returns:
        How it ended, which is also emitted.

    Raises:
        TrainingError, InputError, ProjectError: It cannot start, or cannot go on.
    """
    began = time.monotonic()
    run = Run(config, emit, stop or Stop())
    run.claim(resume, data)
    ended = run.over(began)
    if ended is None:
        run.prepare()
        ended = run.train(began)
    emit(ended)
    return ended


class Run:
    """A run: its folder claimed, the model prepared, then trained."""

    trainer: Tuning
    data: RunData
    batches: int
    """Rows, or packs of rows, of a pass."""

    def __init__(self, config: TrainConfig, emit: OnEvent[TrainEvent], stop: Stop) -> None:
        validate(config)
        self._config = config
        self._folder = Path(config.output).expanduser()
        self._emit = keeping(emit, self._folder / METRICS_FILE)
        self._stop = stop
        self._checkpoints = Checkpoints(self._folder / CHECKPOINTS)

    def claim(self, resume: bool, rows: RunData | None = None) -> None:
        """Read the rows, and take the run's folder.

        Raises:
            CheckpointError: There is nothing to go on from, or the folder is another run's.
        """
        self.data = rows or load_run_data(self._config)
        self._checkpoint = self._checkpoints.require() if resume else None
        self._about = claim(self._folder, self._checkpoints, self._config, self.data, resume=resume)

    def over(self, began: float) -> TrainStopped | None:
        """How a run ended that is resumed after its end; None for one that is to go on.

        Its adapter is made again where it is missing, or is that of another step.
        """
        if self._checkpoint is None:
            return None
        ending = find_ending(self._checkpoint, self._config)
        if ending is None:
            return None
        first = os.environ.get("RANK", "0") == "0"
        detail = "It had come to its end before, and nothing was trained."
        return self._stopped(ending.reason, ending.step, ending.best, began, detail, first)

    def prepare(self) -> None:
        """Load everything that is needed."""
        config, data = self._config, self.data
        machine = find_compute_device(config)
        for text in (*machine.notices, *data.notices, *_dropped(data)):
            self._emit(TrainNotice(text=text))
        set_seed(config.seed)
        model = load_base(
            config.base_model,
            machine,
            four_bits=config.load_in_4bit,
            attention=config.attention,
        )
        adapted = add_adapter(model, config)
        if config.start_adapter:
            start_from(adapted, Path(config.start_adapter).expanduser())
        self._machine = machine
        if machine.cpu:
            self._choose_threads(adapted)
        self.trainer = self._make_trainer(adapted)
        self.batches = len(self.trainer.train_dataset)
        if machine.precision == "fp32":
            # TRL makes the adapter of a model in four bits a 16-bit one.
            for parameter in trainable(adapted):
                parameter.data = parameter.data.float()
        self.trainer.settle()

    def _choose_threads(self, model: Any) -> None:
        """Take the number of threads that is fastest here, and keep it.

        A run that goes on takes the one that it began with: sums differ in their last digits by
        it. A number that a person has set stays.
        """
        if NAMED in os.environ:
            return
        threads = self._about.get(THREADS) or model_threads(model)
        use_threads(threads)
        self._about = keep_threads(self._folder, self._about, threads)
        self._emit(TrainNotice(text=f"Training with {threads} of {counted(cores(), 'core')}."))

    def train(self, began: float) -> TrainStopped:
        """Train until the last step, an early stop, a request to stop, or a lost loss."""
        trainer, detail = self.trainer, ""
        reason: StopReason
        checkpoint = str(self._checkpoint) if self._checkpoint else None
        self._emit(self._started())
        try:
            trainer.train(resume_from_checkpoint=checkpoint)
            reason = self._steps.reason
        except LossError as error:
            reason, detail = "nan", str(error)
        except torch.OutOfMemoryError as error:
            raise TrainingMemoryError(
                f"Step {trainer.state.global_step + 1} does not fit the accelerator's memory.",
                fix="Set a smaller per_device_batch_size or max_length, or load_in_4bit: true.",
            ) from error
        state, first = trainer.state, trainer.args.should_save
        best = state.best_global_step or 0
        return self._stopped(reason, state.global_step, best, began, detail, first)

    def _stopped(
        self, reason: StopReason, step: int, best: int, began: float, detail: str, first: bool
    ) -> TrainStopped:
        """Publish the adapter, which the first process does for all, and say how it ended."""
        about = self._about
        adapter = publish(self._folder, self._checkpoints, best, about) if first else None
        return TrainStopped(
            reason=reason,
            step=step,
            best_step=best or (self._checkpoints.steps() or [0])[-1],
            adapter=str(adapter or ""),
            checkpoint=str(self._checkpoints.latest() or ""),
            seconds=time.monotonic() - began,
            detail=detail,
        )

    def _make_trainer(self, model: Any) -> Tuning:
        config, data = self._config, self.data
        tokenizer = load_tokenizer(config.base_model)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        self._steps = Steps(config, self._stop, validates=bool(data.validation))
        self._samples = min(config.samples, len(data.briefs)) if config.sample_steps else 0
        sampler = Samples(
            config,
            data.briefs,
            lambda tokens: tokenizer.decode(tokens, skip_special_tokens=True),
            self._folder / SAMPLES,
            self._emit,
        )
        parts = Parts(
            config=config,
            machine=self._machine,
            folder=self._folder,
            model=model,
            tokenizer=tokenizer,
            callbacks=[self._steps, Progress(self._emit), *([sampler] if self._samples else [])],
            checkpoints=self._checkpoints,
            emit=self._emit,
        )
        if isinstance(data, PairData):
            return make_pair_trainer(parts, data)
        return make_row_trainer(parts, data)

    def _started(self) -> TrainStarted:
        trainer, model = self.trainer, self.trainer.model
        steps = [self._checkpoints.steps()[-1]] if self._checkpoint else [0]
        weights = sum(p.numel() * p.element_size() for p in model.parameters())
        return TrainStarted(
            method=self._config.method,
            base_model=self._config.base_model,
            device=self._machine.device,
            precision=self._machine.precision,
            steps=total_steps(self._config, self.batches, trainer.args.world_size),
            resumed_at=steps[0],
            rows=len(self.data.train),
            validation_rows=len(self.data.validation),
            batches=math.ceil(self.batches / self._config.per_device_batch_size),
            eval_steps=self._config.eval_steps if self.data.validation else 0,
            sample_steps=self._config.sample_steps if self._samples else 0,
            samples=self._samples,
            trainable=sum(p.numel() for p in trainable(model)),
            weights_bytes=weights,
        )


def _dropped(data: RunData) -> Sequence[str]:
    return [
        f"{row.row_id} is left out: it has {row.tokens} tokens, more than max_length."
        for row in data.dropped
    ]
