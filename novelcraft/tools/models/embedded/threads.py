"""How many threads the embedded engine computes with."""

from __future__ import annotations

import os
from pathlib import Path

_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
_MOST = 16
"""Beyond this, memory is what limits a CPU, not its cores."""
_ONE_PER_CORE_ABOVE = 4


def default_threads(limit_file: Path = _CPU_LIMIT) -> int:
    """Threads for this machine.

    All processors that this process may use, or half of them where there are more than four,
    because then two of them usually share a core. A container's limit counts.
    """
    usable = _affinity()
    if usable > _ONE_PER_CORE_ABOVE:
        usable = max(_ONE_PER_CORE_ABOVE, usable // 2)
    return max(1, min(usable, _container_limit(limit_file), _MOST))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _container_limit(limit_file: Path) -> int:
    """Whole processors that a container may use: `cpu.max` holds a quota and its period, in µs."""
    if not limit_file.exists():
        return _MOST
    quota, _, period = limit_file.read_text(encoding="ascii").strip().partition(" ")
    return _MOST if quota == "max" else max(1, int(quota) // int(period))
