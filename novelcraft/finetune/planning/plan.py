"""What a training run would take, before anything is loaded: memory, steps, tokens, time."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.finetune.planning.changes import Changes
from novelcraft.finetune.planning.estimate import MemoryRange, estimate_memory
from novelcraft.finetune.planning.speed import Device, tokens_per_second
from novelcraft.finetune.planning.workload import RowTokens, RunSettings, Workload, measure_workload
from novelcraft.finetune.shapes.shapes import ModelShape
from novelcraft.state.base import Frozen
from novelcraft.state.training import FitVerdict

READING = 1 / 3
"""What reading takes of the time that training on the same tokens does: a forward pass of three,
where the backward pass counts twice."""


class TrainPlan(Frozen):
    """What a training run would take."""

    model: str
    parameters: int
    trainable: int
    work: Workload
    memory: MemoryRange
    """Peak memory of each device."""
    assumptions: tuple[str, ...]
    """What that estimate takes for granted, for a person."""
    device: str
    """The device's name; empty where none is known."""
    available: float | None
    """Memory of the device, in decimal gigabytes."""
    verdict: FitVerdict
    changes: Changes = Changes()
    """Where it may not fit."""
    tokens_per_second: float | None
    """Of all devices together."""
    hours: float | None
    notices: tuple[str, ...]
    """What a person should know before the run, in the order of weight."""


def make_plan(
    shape: ModelShape,
    run: RunSettings,
    rows: Sequence[RowTokens],
    *,
    device: Device | None = None,
    memory: float | None = None,
) -> TrainPlan:
    """Plan a training run.

    Args:
        shape: The base.
        run: What is asked.
        rows: What it would train on; without any, a run of rows of full length is planned.
        device: Where it runs, each of them; None where that is not known.
        memory: Decimal gigabytes that are free there; None is the device's own.
    """
    work = measure_workload(run, rows)
    memory_range = _memory(shape, run, work)
    available = memory if memory is not None or device is None else device.memory
    speed = _speed(shape, run, work, device)
    return TrainPlan(
        model=shape.name,
        parameters=shape.parameters,
        trainable=memory_range.trainable,
        work=work,
        memory=memory_range,
        assumptions=run.memory.assumptions,
        device=device.name if device else "",
        available=available,
        verdict=_verdict(memory_range, available),
        tokens_per_second=speed,
        hours=_passes(run, work) * work.padded / speed / 3600 if speed and work.padded else None,
        notices=tuple(_notices(run, work)),
    )


def run_peak(shape: ModelShape, run: RunSettings, rows: Sequence[RowTokens]) -> float:
    """The most memory that a run takes on each device, in decimal gigabytes."""
    return _memory(shape, run, measure_workload(run, rows)).most.peak


def _memory(shape: ModelShape, run: RunSettings, work: Workload) -> MemoryRange:
    return estimate_memory(
        shape,
        run.memory,
        work.micro_tokens,
        lines=run.batch * run.scenes,
        processes=run.processes,
    )


def _verdict(memory: MemoryRange, available: float | None) -> FitVerdict:
    if available is None:
        return "unknown"
    if memory.most.peak <= available:
        return "fits"
    return "may fit" if memory.least.peak <= available else "does not fit"


def _passes(run: RunSettings, work: Workload) -> float:
    """Passes over the rows that take as long as all of a run's, if each trained."""
    return work.passes + READING * run.read_before


def _speed(
    shape: ModelShape,
    run: RunSettings,
    work: Workload,
    device: Device | None,
) -> float | None:
    if device is None:
        return None
    each = tokens_per_second(
        shape,
        run.memory,
        device,
        micro_tokens=work.micro_tokens,
        length=round(work.length),
    )
    return each * run.processes


def _notices(run: RunSettings, work: Workload) -> list[str]:
    notices = []
    if work.rows and not work.tokens:
        notices.append(
            "The rows do not say how many tokens they have: memory is that of rows of full length, "
            "and time and packs are not known."
        )
    if work.over_long:
        notices.append(_over_long(run, work))
    if run.scenes > 1:
        notices.append("Rows are pairs here: both scenes of a pair are computed together.")
    if run.read_before:
        notices.append(
            "The reference is read once, before training: it takes time, and no memory besides."
        )
    if run.processes > 1:
        notices.append("Several devices train faster; each still holds the whole model.")
    return notices


def _over_long(run: RunSettings, work: Workload) -> str:
    longest = max(row.tokens for row in work.over_long)
    many = f"{len(work.over_long)} rows have more than max_length = {run.max_length} tokens"
    if run.over_long == "drop":
        return f"{many}, up to {longest}, and are left out."
    return (
        f"{many}, up to {longest}: training will refuse them. Prepare the rows again for that "
        "length (max_row_tokens), or set over_long: drop to leave them out."
    )
