"""What to change in a run that does not fit its device, each change with what it would take.

Each is one that a run's settings can say, and that would not be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from novelcraft.errors import ConfigError
from novelcraft.finetune.data.rows import LEAST_ROWS
from novelcraft.finetune.planning.workload import RowTokens
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.validate import validate
from novelcraft.state.base import Frozen

SHORTER = (6144, 4096, 3072, 2048, 1536, 1024)
"""Lengths that a run is cut down to: a scene of a narrator needs some thousand tokens."""

SMALL_RANK = 16
SMALL_EXPERT_RANK = 8
"""Where every expert has an adapter of its own."""

_WORTH = 0.05
"""Gigabytes below which a change is not worth a line."""

Peak = Callable[[TrainConfig], float]
"""The memory that a run takes, in decimal gigabytes."""


class Change(Frozen):
    """A setting that would take less memory."""

    what: str
    """For a person, with the setting's name and value and with what it costs."""
    peak: float
    """Memory with it, in decimal gigabytes."""
    fits: bool


class Changes(Frozen):
    """What could be changed."""

    single: tuple[Change, ...] = ()
    """Each by itself, the largest effect first."""
    together: tuple[str, ...] = ()
    """Settings that are enough together, where no change is by itself; empty where nothing is."""
    together_peak: float | None = None


class _Option(NamedTuple):
    what: str
    config: TrainConfig


def find_changes(
    config: TrainConfig, rows: Sequence[RowTokens], peak: Peak, memory: float, *, cpu: bool
) -> Changes:
    """What would take less memory than a run does.

    Args:
        config: The run as it is.
        rows: What it trains on.
        peak: Estimates a run's memory.
        memory: Of the device, in decimal gigabytes.
        cpu: Whether it is a processor, where 32 bits are the fastest format and stay.
    """
    most = peak(config) - _WORTH
    found = [
        Change(what=option.what, peak=less, fits=less <= memory)
        for option in _options(config, rows, peak, memory, cpu=cpu)
        if (less := peak(option.config)) < most
    ]
    single = tuple(sorted(found, key=lambda change: change.peak))
    if any(change.fits for change in single):
        return Changes(single=single)
    fitting = _fitting(config, rows, peak, memory, cpu=cpu)
    if fitting is None:
        return Changes(single=single)
    together = tuple(_differences(config, fitting, rows))
    return Changes(single=single, together=together, together_peak=peak(fitting))


def _fitting(
    config: TrainConfig, rows: Sequence[RowTokens], peak: Peak, memory: float, *, cpu: bool
) -> TrainConfig | None:
    """Take the change with the largest effect, and again, until the run fits or none is left."""
    while (most := peak(config)) > memory:
        options = [each.config for each in _options(config, rows, peak, memory, cpu=cpu)]
        best = min(options, key=peak, default=config)
        if peak(best) >= most - _WORTH:
            return None
        config = best
    return config


def _differences(
    config: TrainConfig, changed: TrainConfig, rows: Sequence[RowTokens]
) -> Iterator[str]:
    values = changed.model_dump()
    for key, was in config.model_dump().items():
        if values[key] != was:
            cost = _left_out(rows, changed.max_length) if key == "max_length" else ""
            yield _said({key: values[key]}, cost)


def _options(
    config: TrainConfig, rows: Sequence[RowTokens], peak: Peak, memory: float, *, cpu: bool
) -> Iterator[_Option]:
    for values, cost in (*_updates(config, cpu=cpu), *_lengths(config, rows, peak, memory)):
        changed = config.model_copy(update=values)
        if _allowed(changed):
            yield _Option(_said(values, cost), changed)


def _allowed(config: TrainConfig) -> bool:
    try:
        validate(config)
    except ConfigError:
        return False
    return True


def _said(values: Mapping[str, Any], cost: str) -> str:
    """Settings as a file has them, and what they cost."""
    settings = ", ".join(f"{key}: {_yaml(value)}" for key, value in values.items())
    return f"{settings}: {cost}" if cost else settings


def _yaml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _updates(config: TrainConfig, *, cpu: bool) -> Iterator[tuple[dict[str, Any], str]]:
    """Settings that do not concern rows, each with what it costs."""
    if not cpu and not config.load_in_4bit:
        yield {"load_in_4bit": True}, "the base in NF4"
    if not cpu and config.optimizer != "adamw_8bit":
        yield {"optimizer": "adamw_8bit"}, "its state in eight bits"
    if config.lora_target_parameters:
        yield {"lora_target_parameters": ()}, "no adapters on the experts"
    small = SMALL_EXPERT_RANK if config.lora_target_parameters else SMALL_RANK
    if config.lora_r > small:
        yield {"lora_r": small}, "a smaller adapter"
    if not config.gradient_checkpointing:
        yield {"gradient_checkpointing": True}, "half as slow again"
    if config.per_device_batch_size > 1:
        values = {"per_device_batch_size": 1, "gradient_accumulation_steps": config.rows_per_step}
        yield values, "the same steps, some slower"


def _lengths(
    config: TrainConfig, rows: Sequence[RowTokens], peak: Peak, memory: float
) -> Iterator[tuple[dict[str, Any], str]]:
    """The longest length that fits, or else half of the run's, with what it costs in rows."""
    shorter = [length for length in SHORTER if length < config.max_length and _enough(rows, length)]
    if not shorter:
        return
    values = {length: _cut_down(config, rows, length) for length in shorter}
    half = next((length for length in shorter if length <= config.max_length / 2), shorter[-1])
    fits = (each for each in shorter if peak(config.model_copy(update=values[each])) <= memory)
    length = next(fits, half)
    yield values[length], _left_out(rows, length)


def _enough(rows: Sequence[RowTokens], length: int) -> bool:
    return not rows or sum(row.total <= length for row in rows) >= LEAST_ROWS


def _cut_down(config: TrainConfig, rows: Sequence[RowTokens], length: int) -> dict[str, Any]:
    refused = config.over_long == "refuse" and any(row.total > length for row in rows)
    return {"max_length": length, **({"over_long": "drop"} if refused else {})}


def _left_out(rows: Sequence[RowTokens], length: int) -> str:
    out = sum(row.total > length for row in rows)
    return f"leaves out {out} of {len(rows)} rows" if out else ""
