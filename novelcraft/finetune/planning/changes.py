"""What to change in a run that does not fit its device, each change with what it would take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from novelcraft.finetune.planning.estimate import MemorySettings, estimate_memory
from novelcraft.finetune.planning.shapes import ModelShape
from novelcraft.finetune.planning.workload import RowTokens, RunSettings, measure_workload
from novelcraft.state.base import Frozen

SHORTER = (6144, 4096, 3072, 2048, 1536, 1024)
"""Lengths that a run is cut down to: a scene of a narrator needs some thousand tokens."""

SMALL_RANK = 16
SMALL_EXPERT_RANK = 8

_WORTH = 0.05
"""Gigabytes below which a change is not worth a line."""


class Change(Frozen):
    """A setting that would take less memory."""

    what: str
    """For a person, with the setting's name and value and with what it costs."""
    peak: float
    """Memory with it, in decimal gigabytes."""
    fits: bool


class Changes(Frozen):
    """What could be changed."""

    single: tuple[Change, ...]
    """Each by itself, the largest effect first."""
    together: tuple[str, ...]
    """Those that are enough together, where none is by itself; empty where nothing is."""
    together_peak: float | None


class _Option(NamedTuple):
    what: str
    run: RunSettings


def run_peak(shape: ModelShape, run: RunSettings, rows: Sequence[RowTokens]) -> float:
    """Peak memory of a run on each device, in decimal gigabytes."""
    tokens = measure_workload(run, rows).micro_tokens
    return estimate_memory(shape, run.memory, tokens, processes=run.processes).peak


def find_changes(
    shape: ModelShape, run: RunSettings, rows: Sequence[RowTokens], memory: float, *, cpu: bool
) -> Changes:
    """What would take less memory than a run does.

    Args:
        shape: The base.
        run: The run as it is.
        rows: What it trains on.
        memory: Of the device, in decimal gigabytes.
        cpu: Whether it is a processor, where 32 bits are the fastest format and stay.
    """
    peak = run_peak(shape, run, rows)
    found = []
    for option in _options(shape, run, rows, memory, cpu=cpu):
        less = run_peak(shape, option.run, rows)
        if less < peak - _WORTH:
            found.append((Change(what=option.what, peak=less, fits=less <= memory), option.run))
    found.sort(key=lambda each: each[0].peak)
    single = tuple(change for change, _ in found)
    if any(change.fits for change in single):
        return Changes(single=single, together=(), together_peak=None)
    return _together(shape, run, rows, memory, cpu=cpu, single=single)


def _together(
    shape: ModelShape,
    run: RunSettings,
    rows: Sequence[RowTokens],
    memory: float,
    *,
    cpu: bool,
    single: tuple[Change, ...],
) -> Changes:
    """Take the change with the largest effect, and again, until the run fits or none is left."""
    taken: list[str] = []
    peak = run_peak(shape, run, rows)
    while peak > memory:
        options = [
            (run_peak(shape, option.run, rows), option)
            for option in _options(shape, run, rows, memory, cpu=cpu)
        ]
        less, best = min(options, key=lambda each: each[0], default=(peak, None))
        if best is None or less >= peak - _WORTH:
            return Changes(single=single, together=(), together_peak=None)
        peak = less
        taken.append(best.what)
        run = best.run
    return Changes(single=single, together=tuple(taken), together_peak=peak)


def _options(
    shape: ModelShape, run: RunSettings, rows: Sequence[RowTokens], memory: float, *, cpu: bool
) -> Iterator[_Option]:
    yield from _formats(run, cpu=cpu)
    yield from _adapters(shape, run)
    yield from _activations(run)
    if run.batch > 1:
        update = {"batch": 1, "accumulation": run.accumulation * run.batch}
        yield _Option(
            "per_device_batch_size: 1, gradient_accumulation_steps: "
            f"{update['accumulation']}: the same steps, some slower",
            run.model_copy(update=update),
        )
    yield from _lengths(shape, run, rows, memory)


def _with(run: RunSettings, **update: object) -> RunSettings:
    return run.model_copy(update={"memory": run.memory.model_copy(update=update)})


def _formats(run: RunSettings, *, cpu: bool) -> Iterator[_Option]:
    settings = run.memory
    if settings.weights == "bf16" and not cpu:
        yield _Option(
            "load_in_4bit: true: the base in NF4", _with(run, weights="nf4", expert_weights=None)
        )
    if settings.wide:
        yield _Option("embeddings and hidden states in 16 bits", _with(run, wide=False))


def _adapters(shape: ModelShape, run: RunSettings) -> Iterator[_Option]:
    settings = run.memory
    if settings.lora_rank > SMALL_RANK:
        yield _Option(f"lora_r: {SMALL_RANK}: a smaller adapter", _with(run, lora_rank=SMALL_RANK))
    if shape.experts and settings.expert_rank > SMALL_EXPERT_RANK:
        yield _Option(
            f"rank {SMALL_EXPERT_RANK} on the experts",
            _with(run, expert_rank=SMALL_EXPERT_RANK),
        )
    if shape.experts and settings.expert_rank:
        yield _Option("no adapters on the experts", _with(run, expert_rank=0))
    if settings.adapter != "bf16-8bit":
        yield _Option(
            "optimizer: adamw_8bit, and the adapter in 16 bits", _with(run, adapter="bf16-8bit")
        )


def _activations(run: RunSettings) -> Iterator[_Option]:
    settings: MemorySettings = run.memory
    if not settings.checkpointing:
        yield _Option(
            "gradient_checkpointing: true: half as slow again", _with(run, checkpointing=True)
        )
    elif not settings.offload:
        yield _Option("checkpoints in the host's memory: some slower", _with(run, offload=True))
    if settings.logits == "full":
        yield _Option("a loss computed in chunks", _with(run, logits="chunked"))


def _lengths(
    shape: ModelShape, run: RunSettings, rows: Sequence[RowTokens], memory: float
) -> Iterator[_Option]:
    """The longest length that fits, or else half of the run's, with what it costs in rows."""
    shorter = [length for length in SHORTER if length < run.max_length]
    if not shorter:
        return
    half = next((length for length in shorter if length <= run.max_length / 2), shorter[-1])
    runs = {length: run.model_copy(update={"max_length": length}) for length in shorter}
    length = next((each for each in shorter if run_peak(shape, runs[each], rows) <= memory), half)
    work = measure_workload(runs[length], rows)
    what = f"max_length: {length}"
    if rows:
        what += f": trims {len(work.trimmed)} of {len(rows)} rows and skips {len(work.skipped)}"
    if not rows or work.rows:
        yield _Option(what, runs[length])
