"""The events of a worker process: lines of JSON on its standard output, and nothing else there.

Nothing here loads torch.
"""

from __future__ import annotations

import os

from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import TRAIN_EVENTS, TrainEvent


def event_pipe(stop: Stop) -> OnEvent[TrainEvent]:
    """Keep standard output for events; whatever else is printed goes to standard error.

    Args:
        stop: Is asked to stop when nobody reads the events any more.

    Returns:
        What writes an event. Of several processes of a run, the first alone writes any.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    first = os.environ.get("RANK", "0") == "0"
    is_read = True

    def emit(event: TrainEvent) -> None:
        nonlocal is_read
        if not first or not is_read:
            return
        try:
            out.write(TRAIN_EVENTS.line(event))
            out.flush()
        except BrokenPipeError:
            is_read, stop.asked = False, True

    return emit
