"""The accelerators of this machine, as the driver's own tool lists them.

Nothing here loads torch.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

VISIBLE = "CUDA_VISIBLE_DEVICES"
_QUERY = (
    "nvidia-smi",
    "--query-gpu=index,uuid,memory.total,name",
    "--format=csv,noheader,nounits",
)
_QUERY_SECONDS = 10
_MIB = 1 << 20
_SHARED = "[N/A]"
"""Stands for the memory of an accelerator that has none of its own, and shares the host's."""


class InstalledDevice(NamedTuple):
    """An accelerator of this machine."""

    number: str
    uuid: str
    memory: float
    """Decimal gigabytes."""
    name: str


def host_memory() -> float:
    """Decimal gigabytes of this machine's own memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def find_installed(query: Sequence[str] = _QUERY) -> list[InstalledDevice]:
    """Those that a run started here may use; none where the driver's tool is not there.

    Args:
        query: The command that lists them.
    """
    try:
        said = subprocess.run(
            query, capture_output=True, text=True, timeout=_QUERY_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return visible(listed(said), os.environ.get(VISIBLE))


def listed(said: str) -> list[InstalledDevice]:
    """Those that the driver's tool lists, without those that it cannot read."""
    found = []
    for line in said.splitlines():
        # What a card that has fallen off the bus leaves is an error in some column or in all.
        with suppress(ValueError):
            number, uuid, memory, name = (part.strip() for part in line.split(",", 3))
            size = host_memory() if memory == _SHARED else float(memory) * _MIB / 1e9
            found.append(InstalledDevice(number, uuid, size, name))
    return found


def visible(found: Sequence[InstalledDevice], wanted: str | None) -> list[InstalledDevice]:
    """Those that CUDA shows to a process, in its order.

    Args:
        found: All of them.
        wanted: What `CUDA_VISIBLE_DEVICES` says: indexes, and identifiers or their beginnings.
            From the first that is none of an accelerator's on, nothing counts; None is all.
    """
    if wanted is None:
        return list(found)
    if wanted.startswith("MIG-"):
        # A slice of a card. CUDA shows one at most, and which card it is of is not listed.
        return list(found[:1])
    shown: list[InstalledDevice] = []
    for entry in (part.strip() for part in wanted.split(",")):
        named = [
            each
            for each in found
            if entry == each.number or (entry.startswith("GPU-") and each.uuid.startswith(entry))
        ]
        if len(named) != 1:
            break
        shown += named
    return shown
