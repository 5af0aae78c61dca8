"""A run's settings as TRL's trainers take them."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelcraft.finetune.models import ComputeDevice
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.finetune.training.ending import EVAL_LOSS
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import TrainEvent

_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


@dataclass(frozen=True)
class Parts:
    """What a trainer is made of, whatever it learns from."""

    config: TrainConfig
    machine: ComputeDevice
    folder: Path
    """The run's output folder."""
    model: Any
    """The base with its adapter."""
    tokenizer: Any
    callbacks: Sequence[Any]
    checkpoints: Checkpoints
    emit: OnEvent[TrainEvent]

    def given(self, names: Sequence[str], tokens: Sequence[int]) -> dict[str, Any]:
        """What every trainer is given besides its arguments and its data.

        Args:
            names: Of the rows, by their numbers in the data set.
            tokens: That each of them has.
        """
        return {
            "model": self.model,
            "processing_class": self.tokenizer,
            "callbacks": list(self.callbacks),
            "config": self.config,
            "names": names,
            "tokens": tokens,
            "checkpoints": self.checkpoints,
            "emit": self.emit,
        }

    def arguments(self, batches: int) -> dict[str, Any]:
        """The arguments that all of TRL's trainers know.

        Args:
            batches: Rows, packs or pairs of a pass.
        """
        config, machine = self.config, self.machine
        steps = total_steps(config, batches, int(os.environ.get("WORLD_SIZE", "1")))
        eight = config.optimizer == "adamw_8bit" and not machine.cpu
        return {
            "output_dir": str(self.folder),
            "remove_unused_columns": False,
            "max_length": None,
            "per_device_train_batch_size": config.per_device_batch_size,
            "gradient_accumulation_steps": config.gradient_accumulation_steps,
            "gradient_checkpointing": config.gradient_checkpointing,
            "num_train_epochs": config.num_epochs,
            "max_steps": config.max_steps or -1,
            "learning_rate": config.learning_rate,
            "lr_scheduler_type": _SCHEDULES[config.lr_scheduler],
            "warmup_steps": round(config.warmup_ratio * steps),
            "weight_decay": config.weight_decay,
            "max_grad_norm": config.max_grad_norm,
            "optim": "adamw_bnb_8bit" if eight else "adamw_torch",
            "neftune_noise_alpha": config.neftune_noise_alpha or None,
            "router_aux_loss_coef": 0.0,
            "logging_steps": 1,
            "logging_nan_inf_filter": False,
            "eval_strategy": "no",
            "save_strategy": "steps",
            "save_steps": config.save_steps,
            "metric_for_best_model": EVAL_LOSS,
            "greater_is_better": False,
            "report_to": config.tracker,
            "disable_tqdm": True,
            "seed": config.seed,
            "data_seed": config.seed,
            "use_cpu": machine.cpu,
            "bf16": machine.precision == "bf16",
            "fp16": machine.precision == "fp16",
            "dataloader_pin_memory": not machine.cpu,
            "ddp_find_unused_parameters": False,
        }


def total_steps(config: TrainConfig, batches: int, devices: int) -> int:
    """Steps of the optimiser of a whole run.

    Args:
        config: The run's settings.
        batches: Rows, packs or pairs of a pass.
        devices: How many share them.
    """
    if config.max_steps:
        return config.max_steps
    each = math.ceil(batches / devices / config.per_device_batch_size)
    steps = max(1, math.ceil(each / config.gradient_accumulation_steps))
    return max(1, math.ceil(config.num_epochs * steps))
