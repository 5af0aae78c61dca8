"""A safe point of a run: it takes what a person left for it, and waits while it is paused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from novelcraft.errors import InputError
from novelcraft.graphs.acts.place import Place
from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.steering import finish, nothing_waits, refuse, take
from novelcraft.state.acts import ActRecord, Pause, Reject, Resume, Stop

POLL = 0.1
"""Seconds between two looks at whether there is something to take, while a run waits."""

TakeAny = Callable[[WriteContext, ActRecord, Place], Awaitable[None]]
"""Takes an act if it may be taken at a place."""


async def take_light(context: WriteContext, record: ActRecord, place: Place) -> None:
    """Take an act that needs no model, if it may be taken there."""
    take(record, place, context.emit)


async def at_safe_point(
    context: WriteContext, place: Place, take_any: TakeAny = take_light
) -> bool:
    """Take what waits, and wait while the run is paused.

    Returns:
        Whether the run is to stop here.
    """
    visit = _Visit(context, place, take_any)
    await visit.look()
    while visit.paused and not visit.stops:
        await asyncio.sleep(POLL)
        await visit.look()
    return visit.stops


class _Visit:
    """A run at a safe point."""

    def __init__(self, context: WriteContext, place: Place, take_any: TakeAny) -> None:
        self._context = context
        self._place = place
        self._take_any = take_any
        self.paused = False
        self.stops = False

    async def look(self) -> None:
        """Take what waits now."""
        store = self._context.store
        for record in store.acts(self._place.branch, "pending"):
            # One may have been taken while one before it was done, which may take minutes.
            if not self.stops and store.act(record.id).status == "pending":
                await self._take(record)

    async def _take(self, record: ActRecord) -> None:
        place, emit = self._place, self._context.emit
        match record.act:
            case Pause():
                self.paused = True
                finish(record, place, emit)
            case Resume() if self.paused:
                self.paused = False
                finish(record, place, emit)
            case Resume():
                refuse(record, place, InputError("The run is not paused."), emit)
            case Stop():
                # Where a scene is in hand, it is written first.
                self.paused, self.stops = False, place.point == "brief"
                if self.stops:
                    finish(record, place, emit)
            case Reject():
                refuse(record, place, nothing_waits(), emit)
            case _:
                await self._take_any(self._context, record, place)
