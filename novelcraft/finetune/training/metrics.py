"""The curve of a run: its steps and validations, a line of JSON each, in the order they came.

The file goes with the adapter, so that a report can show how it was learnt. Nothing here loads
torch.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from novelcraft.errors import NovelcraftError
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import (
    TRAIN_EVENTS,
    TrainEvent,
    TrainStarted,
    TrainStep,
    Validated,
)
from novelcraft.tools.storage.files import write_atomic

METRICS_FILE = "metrics.jsonl"


@dataclass(frozen=True)
class Curve:
    """What a run told of its losses, each step once."""

    steps: tuple[TrainStep, ...] = ()
    validations: tuple[Validated, ...] = ()


def keeping(emit: OnEvent[TrainEvent], file: Path) -> OnEvent[TrainEvent]:
    """Keep the steps and validations that are emitted.

    A new run begins the file anew; one that goes on after a step drops what had come after it.
    A line that cannot be written is no reason to end a run: the curve then lacks it.

    Args:
        emit: Takes every event, as before.
        file: Where they are kept. Of several processes the first alone writes.
    """
    first = os.environ.get("RANK", "0") == "0"

    def both(event: TrainEvent) -> None:
        emit(event)
        if not first:
            return
        with suppress(OSError, NovelcraftError):
            match event:
                case TrainStarted():
                    _begin(file, event.resumed_at)
                case TrainStep() | Validated():
                    with file.open("a", encoding="utf-8") as out:
                        out.write(TRAIN_EVENTS.line(event))
                case _:
                    pass

    return both


def read_curve(folder: Path) -> Curve:
    """The curve in a run's or an adapter's folder; an empty one where there is none.

    Lines that are broken off are left out.
    """
    try:
        lines = (folder / METRICS_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return Curve()
    events = [event for line in lines if (event := _parsed(line))]
    steps = {e.step: e for e in events if isinstance(e, TrainStep)}
    validations = {e.step: e for e in events if isinstance(e, Validated)}
    return Curve(
        tuple(steps[number] for number in sorted(steps)),
        tuple(validations[number] for number in sorted(validations)),
    )


def curve_of(adapter: Path) -> Curve:
    """The curve of the run that an adapter comes from: the run's own, or the adapter's copy."""
    run = read_curve(adapter.resolve().parent)
    return run if run.steps else read_curve(adapter)


def _begin(file: Path, step: int) -> None:
    kept = read_curve(file.parent) if step else Curve()
    told: list[TrainStep | Validated] = [*kept.steps, *kept.validations]
    lines = (TRAIN_EVENTS.line(event) for event in told if event.step <= step)
    write_atomic(file, "".join(lines).encode())


def _parsed(line: str) -> TrainEvent | None:
    try:
        return TRAIN_EVENTS.parse(line)
    except ValidationError:
        return None
