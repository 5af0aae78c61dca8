"""TRL's trainer, with its data, its validation and its checkpoints in our hands.

What TRL is kept for: the loss is computed in tiles from the last hidden states, and the logits,
which would be the largest tensor of a run by far, never exist as a whole; and the loop knows
several accelerators. What it is not asked for: it tokenises, masks, cuts and packs nothing, since
it cuts off scenes without a word; its validation weighs short rows like long ones; and its
checkpoints are pickles written in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import set_peft_model_state_dict
from safetensors.torch import load_file
from trl import SFTTrainer

from novelcraft.errors import LossError
from novelcraft.finetune.adapters import WEIGHTS_FILE
from novelcraft.finetune.batches import ROWS, Collator, items
from novelcraft.finetune.checkpoints import Checkpoints
from novelcraft.finetune.config import TrainConfig
from novelcraft.finetune.dataset import TrainRow
from novelcraft.finetune.ending import EVAL_LOSS, STATE_FILE
from novelcraft.finetune.losses import (
    RowLoss,
    chapter_losses,
    mean_loss,
    perplexity,
    row_losses,
)
from novelcraft.finetune.runstate import load_optimizer, load_random, save_optimizer, save_random
from novelcraft.state.train_events import CheckpointSaved, TrainEvent, Validated

Emit = Callable[[TrainEvent], None]


class NarratorTrainer(SFTTrainer):
    """Trains an adapter on rows, and says what it does."""

    control: Any

    def __init__(
        self,
        *,
        config: TrainConfig,
        rows: Sequence[TrainRow],
        validation: Sequence[TrainRow],
        checkpoints: Checkpoints,
        emit: Emit,
        **given: Any,
    ) -> None:
        super().__init__(**given)
        self._config = config
        self._rows = rows
        self._validation = sorted(validation, key=lambda row: (len(row.tokens), row.row_id))
        self._checkpoints = checkpoints
        self._emit = emit

    @property
    def best_loss(self) -> float | None:
        """The lowest validation loss so far."""
        return self.state.best_metric if self.state.best_global_step else None

    def training_step(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """One batch, whose loss must be a number.

        Raises:
            LossError: It is none; names the step and the rows.
        """
        numbers = inputs.pop(ROWS)
        loss = super().training_step(model, inputs, *args, **kwargs)
        if not torch.isfinite(loss):
            names = ", ".join(self._rows[number].row_id for number in numbers.tolist()[:8])
            raise self._lost(f"the loss is {loss.item()} in a batch with the rows {names}")
        return loss

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
        """Read the validation rows; tell the loss by chapter, all tokens weighing the same."""
        sums = self.losses(self._validation)
        loss = mean_loss(sums)
        best = self.best_loss is None or loss < self.best_loss
        if best:
            self.control.should_save = True
        self._emit(
            Validated(
                step=self.state.global_step,
                loss=loss,
                perplexity=perplexity(loss),
                train_loss=self._recent_loss(),
                best=best,
                chapters=chapter_losses(self._validation, sums),
            )
        )
        metrics = {EVAL_LOSS: loss, "eval_perplexity": perplexity(loss)}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def losses(self, rows: Sequence[TrainRow], *, packing: bool = False) -> list[RowLoss]:
        """The loss of each row, in their order."""
        made = items(rows, packing=packing, room=self._room(rows))
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad():
            found = row_losses(
                rows,
                made[self.args.process_index :: self.args.world_size],
                Collator(self.data_collator.pad, packing),
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
        """Done with the optimiser's state."""

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            load_random(Path(checkpoint), self.args.process_index)
