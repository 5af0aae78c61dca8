"""Follow what is done to a novel, from any process: what was, and what goes on.

Reading needs no lock and takes nothing from the run that writes. Nothing here loads LangGraph.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

from novelcraft.graphs.folder import DATABASE
from novelcraft.state.events import Growth
from novelcraft.state.stream import E, EventCodec
from novelcraft.tools.canon.journal import Entry
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.feed import FeedReader, parse_recorded

INTERVAL = 0.05
"""Seconds between two looks: as often as a draft's growth is sent."""


async def follow(
    folder: Path, branch: str = "main", *, after: int = 0, every: float = INTERVAL
) -> AsyncIterator[Entry]:
    """The events of a branch in the order in which they happened, without an end.

    First what the store has logged, then what comes, over the end of a run and into the next one;
    each logged event once, none left out. The growth of the draft that is being written comes
    between them, from the draft's beginning, however late one joins. A novel that is not there yet
    is waited for.

    Args:
        folder: The novel's folder.
        branch: The branch.
        after: Number of an entry; what was logged up to it is left out.
        every: Seconds between two looks.

    Raises:
        DamagedDatabaseError, NewerDatabaseError: The database cannot be read.
    """
    while not (folder / DATABASE).exists():  # noqa: ASYNC110 (another process makes it)
        await asyncio.sleep(INTERVAL)
    # Whoever writes the novel, or shows it, has looked through the file.
    opened = ManuscriptStore.open(folder / DATABASE, look_through=False)
    with opened as store, closing(FeedReader(folder)) as feed:
        merged = _Merger(store, feed, branch, after)
        while True:
            for entry in merged.new():
                yield entry
            await asyncio.sleep(every)


async def follow_run(folder: Path, codec: EventCodec[E]) -> AsyncIterator[tuple[E, float]]:
    """The events of preparation or training in a folder: of the last run, and those that come.

    Each comes with the second at which it happened. What another version wrote there is left out.

    Args:
        folder: The data folder, or the training run's.
        codec: Of the operation.
    """
    with closing(FeedReader(folder)) as feed:
        while True:
            for line in feed.lines():
                with suppress(ValueError, LookupError, TypeError):
                    yield parse_recorded(line, codec)
            await asyncio.sleep(INTERVAL)


class _Merger:
    """Puts the feed's lines between the logged events that they came between."""

    def __init__(self, store: ManuscriptStore, feed: FeedReader, branch: str, after: int) -> None:
        self._store = store
        self._feed = feed
        self._branch = branch
        self._last = after
        self._growth: deque[Growth] = deque()

    def new(self) -> list[Entry]:
        """What has happened since the last call.

        The log is read before the feed: what the feed then lacks of the time before the last
        logged event is in no feed any more. What it has of a later time waits for the next call.
        """
        entries = []
        logged = self._store.events(branch=self._branch, after=self._last)
        self._growth.extend(
            growth
            for growth in map(Growth.model_validate_json, self._feed.lines())
            if growth.branch == self._branch
        )
        for entry in logged:
            entries += self._until(entry.number - 1)
            entries.append(entry)
            self._last = entry.number
        return entries + self._until(self._last)

    def _until(self, number: int) -> list[Entry]:
        """Growth that came before the next event after that number."""
        grown = []
        while self._growth and self._growth[0].after <= number:
            growth = self._growth.popleft()
            grown.append(Entry(growth.after, "", growth.event))
        return grown
