"""Training runs in tests: in this process, or in their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import train_config
from novelcraft.state.rows import TrainingRow
from novelcraft.state.train_events import TRAIN_EVENTS, TrainEvent, TrainStep, Validated
from tests.finetune.rows import row, write_rows


def settings(folder: Path, base: Path, **given: Any) -> TrainConfig:
    """Settings of a short run on the rows of `folder`, with every source of chance in use."""
    values: dict[str, Any] = {
        "base_model": str(base),
        "data": str(folder),
        "output": str(folder / "run"),
        "max_length": 512,
        "lora_r": 16,
        "lora_alpha": 32.0,
        "lora_dropout": 0.1,
        "neftune_noise_alpha": 1.0,
        "learning_rate": 5e-3,
        "per_device_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "packing": False,
        "max_steps": 24,
        "eval_steps": 6,
        "save_steps": 6,
        "sample_steps": 0,
        "early_stopping": False,
    }
    return train_config(values | given)


def rows(folder: Path, train: int = 48, validation: list[TrainingRow] | None = None) -> Path:
    """A data set of the stories of `tests.finetune.rows`."""
    held = [row(k) for k in range(100, 108)] if validation is None else validation
    return write_rows(folder, [row(k) for k in range(train)], held)


def train(config: TrainConfig, **given: Any) -> list[TrainEvent]:
    """Run in this process."""
    from novelcraft.finetune.training.train import run_training

    told: list[TrainEvent] = []
    run_training(config, told.append, **given)
    return told


def written(folder: Path, config: TrainConfig) -> Path:
    """The settings as a file. JSON is YAML."""
    file = folder / "train.yaml"
    file.write_text(json.dumps(config.model_dump(mode="json")), encoding="utf-8")
    return file


def start(file: Path, *options: str) -> subprocess.Popen[str]:
    """Run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "novelcraft.finetune.training.worker", str(file), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def read(line: str) -> TrainEvent:
    return TRAIN_EVENTS.parse(line)


def losses(told: list[TrainEvent]) -> dict[int, float]:
    return {event.step: event.loss for event in told if isinstance(event, TrainStep)}


def validated(told: list[TrainEvent]) -> list[Validated]:
    return [event for event in told if isinstance(event, Validated)]
