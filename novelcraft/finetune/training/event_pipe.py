"""Events on standard output, one line of JSON each, and nothing else there.

Nothing here loads torch.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.train_events import TrainEvent


def teller(stop: Stop) -> Callable[[TrainEvent], None]:
    """Keep standard output for events; whatever else is printed goes to standard error.

    Args:
        stop: Is asked to stop when nobody reads the events any more.

    Returns:
        What tells an event. Of several processes of a run, the first alone tells anything.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    first = os.environ.get("RANK", "0") == "0"
    heard = True

    def tell(event: TrainEvent) -> None:
        nonlocal heard
        if not first or not heard:
            return
        try:
            out.write(f"{event.model_dump_json()}\n")
            out.flush()
        except BrokenPipeError:
            heard, stop.asked = False, True

    return tell
