"""Plan a run from its settings and its rows, for the machine that it is asked on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from novelcraft.errors import ConfigError
from novelcraft.finetune.data.preferences import load_pairs
from novelcraft.finetune.data.rows import prompt_of
from novelcraft.finetune.planning.accelerators import (
    InstalledDevice,
    find_installed,
    host_memory,
)
from novelcraft.finetune.planning.changes import find_changes
from novelcraft.finetune.planning.memory_settings import AdapterFormat, MemorySettings, WeightFormat
from novelcraft.finetune.planning.plan import TrainPlan, make_plan, run_peak
from novelcraft.finetune.planning.speed import DEVICES, Device, find_device, processor
from novelcraft.finetune.planning.workload import RowTokens, RunSettings
from novelcraft.finetune.rowfolder import rows_folder
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.shapes.bases import find_shape
from novelcraft.finetune.shapes.shapes import ATTENTION, MLP, Module
from novelcraft.tools.books.rows.row_reader import read_rows
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE


@dataclass(frozen=True)
class TargetDevice:
    """Where a run would be."""

    device: Device | None
    """None for an accelerator that is not known."""
    memory: float
    """Decimal gigabytes of each device."""
    devices: int = 1


def plan_training(config: TrainConfig, target: TargetDevice) -> TrainPlan:
    """What a run would take, by its settings and the rows in its data folder.

    Args:
        config: The run's settings.
        target: Where it would be.

    Raises:
        ConfigError: The base is not known and no folder.
        TrainingDataError: There are no rows.
        InputError: A line of the rows is no row.
        PreferenceError: There are no pairs, or they cannot be learnt from.
        ModelDownloadError: The base's tokenizer, which pairs are counted with, is not there.
    """
    return plan_rows(config, target, _lengths(config))


def _lengths(config: TrainConfig) -> list[RowTokens]:
    """Of each row as its file has counted it; of each pair, counted here, the longer scene."""
    if config.method == "sft":
        rows = read_rows(rows_folder(config.data) / TRAIN_FILE)
        return [RowTokens(row.row_id, row.prompt_tokens, row.completion_tokens) for row in rows]
    return [
        RowTokens(pair.name, prompt := len(prompt_of(pair.chosen)), pair.longest - prompt)
        for pair in load_pairs(config).train
    ]


def plan_rows(config: TrainConfig, target: TargetDevice, rows: Sequence[RowTokens]) -> TrainPlan:
    """What a run over these rows would take.

    Args:
        config: The run's settings.
        target: Where it would be.
        rows: The lengths of all rows, also of those that are too long.

    Raises:
        ConfigError: The base is not known and no folder.
    """
    shape = find_shape(config.base_model)
    run = run_settings(config, target)
    plan = make_plan(shape, run, rows, device=target.device, memory=target.memory)
    if plan.verdict == "fits":
        return plan
    changes = find_changes(
        config,
        rows,
        lambda changed: run_peak(shape, run_settings(changed, target), rows),
        target.memory,
        cpu=_on_cpu(target),
    )
    return plan.model_copy(update={"changes": changes})


def run_settings(config: TrainConfig, target: TargetDevice) -> RunSettings:
    """A run's settings as its plan counts them."""
    cpu = _on_cpu(target)
    return RunSettings(
        memory=MemorySettings(
            weights=_weights(config, cpu),
            lora_modules=_modules(config),
            lora_rank=config.lora_r,
            expert_rank=config.lora_r if config.lora_target_parameters else 0,
            adapter=_adapter(config, cpu),
            dropout=config.lora_dropout > 0,
            attention="eager" if config.attention == "eager" else "fused",
            checkpointing=config.gradient_checkpointing,
            processor=cpu,
        ),
        batch=config.per_device_batch_size,
        accumulation=config.gradient_accumulation_steps,
        max_length=config.max_length,
        packing=config.packing,
        scenes=2 if config.method == "dpo" else 1,
        read_before=1.0 if config.method == "dpo" else 0.0,
        epochs=config.num_epochs,
        max_steps=config.max_steps,
        processes=target.devices,
        over_long=config.over_long,
    )


def target_named(name: str) -> TargetDevice:
    """A target by the name of its accelerator, as people write it.

    Raises:
        ConfigError: No device of that name is known.
    """
    device = find_device(name)
    if device is None:
        known = ", ".join(each.name for each in DEVICES)
        raise ConfigError(f"No accelerator {name!r} is known.", fix=f"Name one of {known}.")
    return TargetDevice(device, device.memory)


def target_here(
    config: TrainConfig, find: Callable[[], Sequence[InstalledDevice]] = find_installed
) -> TargetDevice:
    """This machine: its accelerators, or its processor where it has none or none is wanted.

    Args:
        config: The run's settings.
        find: Finds the accelerators.
    """
    found = [] if config.device == "cpu" else find()
    if not found:
        memory = host_memory()
        return TargetDevice(processor(os.cpu_count() or 1, memory), memory)
    least = min(found, key=lambda each: each.memory)
    return TargetDevice(find_device(least.name), least.memory, len(found))


def _on_cpu(target: TargetDevice) -> bool:
    return target.device is not None and target.device.kind == "cpu"


def _weights(config: TrainConfig, cpu: bool) -> WeightFormat:
    if config.load_in_4bit:
        return "nf4"
    return "fp32" if cpu or config.precision == "fp32" else "bf16"


def _adapter(config: TrainConfig, cpu: bool) -> AdapterFormat:
    eight = config.optimizer == "adamw_8bit" and not cpu
    # PEFT keeps an adapter's weights in 32 bits; TRL takes 16 over a base in four.
    if config.load_in_4bit and not cpu and config.precision != "fp32":
        return "bf16-8bit" if eight else "bf16"
    return "fp32-8bit" if eight else "fp32"


def _modules(config: TrainConfig) -> tuple[Module, ...]:
    return tuple(m for m in (*ATTENTION, *MLP) if m in config.lora_target_modules)
