"""What happens at the steps of a run: it is told of, validated, sampled, and stopped."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from novelcraft.finetune.data.rows import TrainRow, prompt_of
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.training.ending import EVAL_LOSS, patience_spent
from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import (
    SampleWritten,
    StopReason,
    TrainEvent,
    TrainPaused,
    TrainStep,
)
from novelcraft.tools.storage.files import write_atomic

STEP_TOKENS = "step_tokens"
"""In the log of a step, the tokens that it trained on: of all processes, without padding."""
_TOP_P, _TEMPERATURE = 0.95, 0.8


class Steps(TrainerCallback):
    """Decides after each step what is to be done, and remembers why the run stopped."""

    def __init__(self, config: TrainConfig, stop: Stop, *, validates: bool) -> None:
        self.reason: StopReason = "finished"
        self._config = config
        self._stop = stop
        self._validates = validates

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Validate and save when it is time; stop when it is asked for."""
        last = state.global_step >= state.max_steps
        due = state.global_step % self._config.eval_steps == 0
        control.should_evaluate = self._validates and (last or due)
        # A validation that is due is done in any case: it decides which checkpoint is the best, and
        # a run that goes on does not come to this step again.
        if _any_process(self._stop.asked, args) and not last:
            self.reason = "cancelled"
            control.should_save = control.should_training_stop = True

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any, **_: Any) -> None:
        """Stop when validation has not become better for too long."""
        best = state.best_global_step or 0
        if not self._config.early_stopping or state.best_metric is None:
            return
        if metrics[EVAL_LOSS] < state.best_metric:
            return
        if patience_spent(self._config, state.global_step, best):
            self.reason = "early"
            control.should_save = control.should_training_stop = True


class Progress(TrainerCallback):
    """Emits an event for each step, with its time without validation and samples."""

    def __init__(self, emit: OnEvent[TrainEvent]) -> None:
        self._emit = emit
        self._began = self._seconds = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop the clock."""
        self._seconds = time.monotonic() - self._began

    def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:
        """Emit the event of a step."""
        if "loss" not in logs:
            return
        self._emit(
            TrainStep(
                step=state.global_step,
                steps=state.max_steps,
                loss=logs["loss"],
                learning_rate=logs["learning_rate"],
                gradient_norm=logs.get("grad_norm", 0.0),
                tokens_per_second=logs[STEP_TOKENS] / max(self._seconds, 1e-9),
                memory_bytes=memory_taken(),
                margin=logs.get("rewards/margins"),
                accuracy=logs.get("rewards/accuracies"),
            )
        )


class Samples(TrainerCallback):
    """Has the narrator write to the same briefs again and again, to hear its voice arrive.

    Each brief has a folder, and each round a file in it. A round draws random numbers of its
    own, so that a run with samples is the same as one without.
    """

    def __init__(
        self,
        config: TrainConfig,
        rows: Sequence[TrainRow],
        decode: Callable[[Sequence[int]], str],
        folder: Path,
        emit: OnEvent[TrainEvent],
    ) -> None:
        self._config = config
        self._rows = rows[: config.samples]
        self._decode = decode
        self._folder = folder
        self._emit = emit

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any, **_: Any) -> None:
        """Write once with what the run begins with."""
        if state.global_step == 0:
            self._write(args, state, model)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any, **_: Any) -> None:
        """Write every so many steps, and at the end."""
        last = state.global_step >= state.max_steps
        if last or state.global_step % self._config.sample_steps == 0:
            self._write(args, state, model)

    def _write(self, args: Any, state: Any, model: Any) -> None:
        if not args.should_save:
            return
        for row in self._rows:
            self._emit(TrainPaused(doing="sampling"))
            prompt = prompt_of(row)
            text = self._decode(_continued(model, prompt, self._config))
            folder = self._folder / row.row_id.replace("/", "--")
            path = folder / f"step-{state.global_step:06}.txt"
            write_atomic(path, f"{text}\n".encode())
            self._emit(SampleWritten(step=state.global_step, row_id=row.row_id, path=str(path)))


def _continued(model: Any, prompt: Sequence[int], config: TrainConfig) -> list[int]:
    asked = torch.tensor([list(prompt)], device=model.device)
    was_training = model.training
    model.eval()
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        torch.manual_seed(config.seed)
        out = model.generate(
            input_ids=asked,
            attention_mask=torch.ones_like(asked),
            max_new_tokens=config.sample_tokens,
            do_sample=True,
            temperature=_TEMPERATURE,
            top_p=_TOP_P,
            top_k=0,
        )
    model.train(was_training)
    return list(out[0, len(prompt) :].tolist())


def memory_taken() -> int:
    """The most memory that was taken so far, in bytes."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return taken if sys.platform == "darwin" else taken * 1024


def _any_process(asked: bool, args: Any) -> bool:
    """Whether any process was asked: they have to stop after the same step."""
    if args.world_size == 1:
        return asked
    flag = torch.tensor([float(asked)], device=args.device)
    torch.distributed.all_reduce(flag)
    return bool(flag.item() > 0)
