"""Which rows go into one pack: decided once, for the plan of a run and for the run."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence


def pack(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Put rows together, the longest first, each where it leaves the least room.

    Args:
        lengths: Tokens of each row, none more than `room`.
        room: Tokens of a pack.

    Returns:
        The rows of each pack, by their numbers: every row in exactly one, none cut.
    """
    packs: list[list[int]] = []
    rooms: list[tuple[int, int]] = []
    """Rising: the room that is left, and the pack that has it."""
    for number in sorted(range(len(lengths)), key=lambda k: (-lengths[k], k)):
        place = bisect_left(rooms, (lengths[number], 0))
        left, at = rooms.pop(place) if place < len(rooms) else (room, len(packs))
        if at == len(packs):
            packs.append([])
        packs[at].append(number)
        insort(rooms, (left - lengths[number], at))
    return packs
