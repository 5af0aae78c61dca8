"""Plan a run from its settings and its rows, for the machine that it is asked on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from novelcraft.errors import ConfigError
from novelcraft.finetune.config import TrainConfig
from novelcraft.finetune.planning.accelerators import (
    Accelerator,
    find_accelerators,
    host_memory,
)
from novelcraft.finetune.planning.bases import find_shape
from novelcraft.finetune.planning.estimate import AdapterFormat, MemorySettings, WeightFormat
from novelcraft.finetune.planning.plan import TrainPlan, make_plan
from novelcraft.finetune.planning.shapes import ATTENTION, MLP, Module
from novelcraft.finetune.planning.speed import DEVICES, Device, find_device, processor
from novelcraft.finetune.planning.workload import RowTokens, RunSettings, row_tokens
from novelcraft.finetune.preferences.lengths import scene_lengths
from novelcraft.finetune.rowfolder import rows_folder
from novelcraft.tools.books.rowfiles import TRAIN_FILE, read_rows


@dataclass(frozen=True)
class Site:
    """Where a run would be."""

    device: Device | None
    """None for an accelerator that is not known."""
    memory: float
    """Decimal gigabytes of each device."""
    devices: int = 1


def plan_training(config: TrainConfig, site: Site) -> TrainPlan:
    """What a run would take, by its settings and the rows in its data folder.

    Args:
        config: The run's settings.
        site: Where it would be.

    Raises:
        ConfigError: The base is not known and no folder.
        TrainingDataError: There are no rows.
        InputError: A line of the rows is no row.
        PreferenceError: There are no pairs, or they cannot be learnt from.
        ModelDownloadError: The base's tokenizer, which pairs are counted with, is not there.
    """
    return make_plan(
        find_shape(config.base_model),
        run_settings(config, site),
        _row_lengths(config) if config.method == "sft" else scene_lengths(config),
        device=site.device,
        memory=site.memory,
    )


def run_settings(config: TrainConfig, site: Site) -> RunSettings:
    """A run's settings as its plan counts them."""
    cpu = site.device is not None and site.device.kind == "cpu"
    return RunSettings(
        memory=MemorySettings(
            weights=_weights(config, cpu),
            lora_modules=_modules(config),
            lora_rank=config.lora_r,
            expert_rank=config.lora_r if config.lora_target_parameters else 0,
            adapter=_adapter(config, cpu),
            checkpointing=config.gradient_checkpointing,
        ),
        batch=config.per_device_batch_size,
        accumulation=config.gradient_accumulation_steps,
        max_length=config.max_length,
        packing=config.packing,
        scenes=2 if config.method == "dpo" else 1,
        read_passes=_read_passes(config),
        epochs=config.num_epochs,
        processes=site.devices,
        trims=False,
    )


def site_named(name: str) -> Site:
    """A site by the name of its accelerator, as people write it.

    Raises:
        ConfigError: No device of that name is known.
    """
    device = find_device(name)
    if device is None:
        known = ", ".join(each.name for each in DEVICES)
        raise ConfigError(f"No accelerator {name!r} is known.", fix=f"Name one of {known}.")
    return Site(device, device.memory)


def site_here(
    config: TrainConfig, find: Callable[[], Sequence[Accelerator]] = find_accelerators
) -> Site:
    """This machine: its accelerators, or its processor where it has none or none is wanted.

    Args:
        config: The run's settings.
        find: Finds the accelerators.
    """
    found = [] if config.device == "cpu" else find()
    if not found:
        memory = host_memory()
        return Site(processor(os.cpu_count() or 1, memory), memory)
    least = min(found, key=lambda each: each.memory)
    return Site(find_device(least.name), least.memory, len(found))


def _row_lengths(config: TrainConfig) -> list[RowTokens]:
    rows = row_tokens(read_rows(rows_folder(config.data) / TRAIN_FILE))
    return [row for row in rows if config.over_long == "refuse" or row.total <= config.max_length]


def _read_passes(config: TrainConfig) -> float:
    """KTO also reads each scene after another's prompt: twice for the reference, and while it
    trains."""
    return {"sft": 0.0, "dpo": 1.0, "kto": 2.0 + config.num_epochs}[config.method]


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
