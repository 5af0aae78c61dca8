"""What all our trainers have in common, whatever they learn from.

TRL's trainers compute the losses. What they are not left: their checkpoints are pickles written
in place, their validation weighs short rows like long ones, and a loss that is no number any more
does not stop them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import Trainer

from novelcraft.errors import LossError
from novelcraft.finetune.adapters.folder import WEIGHTS_FILE
from novelcraft.finetune.data.rows import TrainRow
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.training.batches import ROWS, Collator, items
from novelcraft.finetune.training.callbacks import STEP_TOKENS
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.finetune.training.ending import EVAL_LOSS, STATE_FILE
from novelcraft.finetune.training.losses import RowLoss, row_losses
from novelcraft.finetune.training.runstate import (
    load_optimizer,
    load_random,
    save_optimizer,
    save_random,
)
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import (
    ChapterLoss,
    CheckpointSaved,
    PreferenceScore,
    TrainEvent,
    TrainPaused,
    Validated,
)


@dataclass(frozen=True)
class Validation:
    """What reading the validation data came to."""

    loss: float
    perplexity: float
    chapters: tuple[ChapterLoss, ...]
    preference: PreferenceScore | None = None


class Tuning(Trainer):
    """Put before one of TRL's trainers. Says what it does, and keeps checkpoints of its own."""

    control: Any

    def __init__(
        self,
        *,
        config: TrainConfig,
        names: Sequence[str],
        tokens: Sequence[int],
        checkpoints: Checkpoints,
        emit: OnEvent[TrainEvent],
        **given: Any,
    ) -> None:
        super().__init__(**given)
        self._config = config
        self._names = names
        self._tokens = tokens
        self._step_tokens = 0
        self._checkpoints = checkpoints
        self._emit = emit

    def validation(self) -> Validation:
        """Read the validation data with the adapter as it is."""
        raise NotImplementedError

    def settle(self) -> None:
        """Do what has to be done once before training, when the adapter is at its beginning."""

    @property
    def best_loss(self) -> float | None:
        """The lowest validation loss so far."""
        return self.state.best_metric if self.state.best_global_step else None

    def training_step(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """One batch, whose loss must be a number.

        Raises:
            LossError: It is none; names the step and the rows.
        """
        numbers = inputs.pop(ROWS).tolist()
        self._step_tokens += sum(self._tokens[number] for number in numbers)
        loss = super().training_step(model, inputs, *args, **kwargs)
        if not torch.isfinite(loss):
            names = ", ".join(self._names[number] for number in numbers[:8])
            raise self._lost(f"the loss is {loss.item()} in a batch with the rows {names}")
        return loss

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Take down what there is to know of a step, with the tokens that it trained on.

        TRL counts those of one line of a batch where there is no attention mask.
        """
        if "loss" in logs:
            mine = torch.tensor(float(self._step_tokens), device=self.args.device)
            logs[STEP_TOKENS] = float(self.accelerator.reduce(mine, "sum"))
            self._step_tokens = 0
        super().log(logs, *args, **kwargs)

    def _get_grad_norm(self, *args: Any, **kwargs: Any) -> Any:
        norm = super()._get_grad_norm(*args, **kwargs)
        # In fp16 the scaler tries a scale, meets infinity, and passes over the step: no fault.
        if norm is not None and not self.args.fp16 and not math.isfinite(float(norm)):
            raise self._lost(f"the gradient is {float(norm)} long")
        return norm

    def _lost(self, what: str) -> LossError:
        return LossError(
            f"After step {self.state.global_step}, {what}.",
            fix="Look at those rows with --preview; set a lower learning_rate, or fp32.",
        )

    def evaluate(self, *_args: Any, **_kwargs: Any) -> dict[str, float]:
        """Read the validation data, and tell what came of it."""
        self._emit(TrainPaused(doing="validating"))
        found = self.validation()
        best = self.best_loss is None or found.loss < self.best_loss
        if best:
            self.control.should_save = True
        self._emit(
            Validated(
                step=self.state.global_step,
                loss=found.loss,
                perplexity=found.perplexity,
                train_loss=self._recent_loss(),
                best=best,
                chapters=found.chapters,
                preference=found.preference,
            )
        )
        metrics = {EVAL_LOSS: found.loss, "eval_perplexity": found.perplexity}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def losses(self, rows: Sequence[TrainRow], *, packing: bool = False) -> list[RowLoss]:
        """The loss of each row, in their order."""
        if not rows:
            return []
        made = items(rows, packing=packing, room=self._room(rows))
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad():
            found = row_losses(
                rows,
                made[self.args.process_index :: self.args.world_size],
                Collator(self.processing_class.pad_token_id, packing),
                self.args.per_device_train_batch_size,
                self._log_probs,
            )
        self.model.train(was_training)
        return self._gathered(found, len(rows))

    def _room(self, rows: Sequence[TrainRow]) -> int:
        return max(self._config.max_length, *(len(row.tokens) for row in rows))

    def _log_probs(self, batch: dict[str, Any]) -> torch.Tensor:
        inputs = self._prepare_inputs(batch)
        with self.compute_loss_context_manager():
            out = self.model(**inputs, use_cache=False, fused_lm_head=True)
        return out.log_probs.float().cpu()

    def _gathered(self, found: dict[int, RowLoss], count: int) -> list[RowLoss]:
        if self.args.world_size > 1:
            parts: list[Any] = [None] * self.args.world_size
            torch.distributed.all_gather_object(parts, found)
            found = {number: value for part in parts for number, value in part.items()}
        return [found[number] for number in range(count)]

    def _recent_loss(self) -> float:
        """The mean training loss since the last validation."""
        recent: list[float] = []
        for entry in reversed(self.state.log_history):
            if EVAL_LOSS in entry:
                break
            if "loss" in entry:
                recent.append(entry["loss"])
        return sum(recent) / len(recent) if recent else float("nan")

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = self.state.global_step
        if self.args.should_save:
            path = self._checkpoints.save(step, self._write)
            self._checkpoints.prune(self._config.keep_checkpoints, self.state.best_global_step)
            self._emit(CheckpointSaved(step=step, path=str(path)))
        self.accelerator.wait_for_everyone()
        if not self.args.should_save:
            save_random(self._checkpoints.path(step), self.args.process_index)

    def _write(self, folder: Path) -> None:
        self.save_adapter(folder)
        save_optimizer(folder, self.optimizer, self.lr_scheduler, self.accelerator.scaler)
        save_random(folder, self.args.process_index)
        self.state.save_to_json(str(folder / STATE_FILE))

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter as it is, in safetensors."""
        model = self.accelerator.unwrap_model(self.model)
        model.save_pretrained(str(folder), save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        weights = load_file(Path(resume_from_checkpoint) / WEIGHTS_FILE)
        set_peft_model_state_dict(self.model, weights)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            scaler = self.accelerator.scaler
            load_optimizer(Path(checkpoint), self.optimizer, self.lr_scheduler, scaler)

    def _load_scaler(self, checkpoint: str | None) -> None:
        """Do nothing: `_load_optimizer_and_scheduler` has loaded the scaler."""

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            load_random(Path(checkpoint), self.args.process_index)
