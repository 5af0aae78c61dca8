"""The number of threads that torch computes with on a processor: the fastest, by measuring.

More threads than idle cores wait for each other: on a shared machine, or in a container with a
share of one, the default may be several times slower than a single thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

NAMED = "OMP_NUM_THREADS"
"""The environment variable by which a person says how many there are to be."""
_ROUNDS = 2
_WORTH = 0.95
"""Share of the time of fewer threads that more of them may take, to be worth having."""
_TOKENS = 64


def cores() -> int:
    """Cores that this process may use."""
    here: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(here(0)) if here else os.cpu_count() or 1


def use_threads(count: int) -> None:
    """Compute with so many threads, or with as many as there are cores, unless a person says."""
    if count and NAMED not in os.environ:
        torch.set_num_threads(min(count, cores()))


def fastest_threads(
    work: Callable[[], object],
    most: int,
    *,
    set_threads: Callable[[int], None] = torch.set_num_threads,
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """Set the number of threads with which some work is done soonest.

    Args:
        work: What is timed, some times with each number.
        most: Threads at most.
        set_threads: Sets the number.
        clock: Seconds.

    Returns:
        The number: of two that are about as fast, the smaller.
    """
    counts = [1 << power for power in range(most.bit_length()) if 1 << power < most] + [most]
    work()  # The first time, memory is still being found.
    seconds = dict.fromkeys(counts, float("inf"))
    for _ in range(_ROUNDS):
        for count in counts:
            set_threads(count)
            began = clock()
            work()
            seconds[count] = min(seconds[count], clock() - began)
    best = counts[0]
    for count in counts[1:]:
        if seconds[count] < _WORTH * seconds[best]:
            best = count
    set_threads(best)
    return best


def model_threads(model: torch.nn.Module) -> int:
    """Set the number of threads with which a model reads some tokens soonest; returns it."""
    tokens = torch.arange(_TOKENS).unsqueeze(0)
    training = model.training
    model.eval()

    def read() -> object:
        with torch.inference_mode():
            return model(input_ids=tokens, use_cache=False)

    try:
        return fastest_threads(read, cores())
    finally:
        model.train(training)
