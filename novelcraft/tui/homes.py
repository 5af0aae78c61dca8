"""Where a novel lives: in its folder, or in the database of a batch. Pure of Textual."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from getpass import getuser
from pathlib import Path
from typing import Protocol, TypeVar

from novelcraft.config.load import load_settings
from novelcraft.config.root import Settings
from novelcraft.config.settings import NovelSettings
from novelcraft.config.user import find_user_file
from novelcraft.errors import DatabaseGoneError, InputError, NotAProjectError
from novelcraft.graphs import steering
from novelcraft.graphs.folder import DATABASE, TOML
from novelcraft.graphs.follow import follow
from novelcraft.graphs.sync import offers
from novelcraft.state.acts import Act, ActRecord
from novelcraft.tools.batch.shared import holder_of, schema_of, schema_url
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.canon.journal import Entry
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import holder

T = TypeVar("T")

MAIN = "main"
"""The branch that workers write."""
LOOK_SECONDS = 0.1
"""Between two looks at a folder: prose that comes ten times a second reads as it comes, and each
time that the room draws it takes from the run."""
POLL_SECONDS = 1.0
"""Between two looks at a novel in a database."""


class NovelHome(Protocol):
    """A novel's home. Whatever it cannot read or write is a NovelcraftError."""

    name: str
    folder: Path | None
    """The novel's folder on this machine; None for one in a database."""
    words: list[str]
    """How a command of ours names the novel."""

    def settings(self) -> Settings:
        """The novel's settings."""

    def open_store(self) -> ManuscriptStore:
        """Open its database; NotAProjectError where nothing was begun."""

    def follow(self, branch: str, *, after: int = 0) -> AsyncIterator[Entry]:
        """The branch's events after that number, without an end; see `graphs.follow`."""

    async def writer(self) -> str:
        """Who writes it now; empty for nobody."""

    def takes_acts(self, branch: str) -> bool:
        """Whether a run that takes acts writes the branch now."""

    def put(self, store: ManuscriptStore, act: Act, branch: str) -> ActRecord:
        """Leave an act; how it stands then."""

    def changed_by_hand(
        self, store: ManuscriptStore, branch: str, novel: NovelSettings
    ) -> list[int]:
        """Numbers of the scenes that a person changed in a file of the manuscript."""


class FolderHome:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder: Path | None = folder
        self.name = folder.name
        self.words = [str(folder)]
        self._folder = folder

    def settings(self) -> Settings:
        """See `NovelHome`."""
        user_file = find_user_file(os.environ)
        return load_settings(self._folder / TOML, environ=os.environ, user_file=user_file)

    def open_store(self) -> ManuscriptStore:
        """See `NovelHome`."""
        if not (self._folder / DATABASE).is_file():
            raise NotAProjectError(
                f"{self._folder} holds no novel that was begun.", fix="Start one there."
            )
        return ManuscriptStore.open(self._folder / DATABASE)

    def follow(self, branch: str, *, after: int = 0) -> AsyncIterator[Entry]:
        """See `NovelHome`; the growth of a draft is among the events."""
        return follow(self._folder, branch, after=after, every=LOOK_SECONDS)

    async def writer(self) -> str:
        """See `NovelHome`."""
        return str(holder(self._folder) or "")

    def takes_acts(self, branch: str) -> bool:
        """See `NovelHome`."""
        return steering.takes_acts(self._folder, branch)

    def put(self, store: ManuscriptStore, act: Act, branch: str) -> ActRecord:
        """See `NovelHome`; it is done at once where nobody writes, if it needs no model."""
        return steering.put(self._folder, store, act, branch=branch, by=getuser())

    def changed_by_hand(
        self, store: ManuscriptStore, branch: str, novel: NovelSettings
    ) -> list[int]:
        """See `NovelHome`."""
        found = offers(self._folder, store, branch, novel)
        return sorted({scene.position for offer in found for scene in offer.scenes})


class SharedHome:
    """The database of a batch in PostgreSQL, where workers on any machine write the novel.

    Args:
        url: The database's.
        batch: The open batch of that database.
        name: The novel's in the batch.

    Raises:
        UnknownTargetError: The batch has no novel of that name.
    """

    def __init__(self, url: str, batch: BatchStore, name: str) -> None:
        self.folder: Path | None = None
        self.name = name
        self.words = [name, "--database", url]
        self._batch = batch
        self._writer = ""
        number, self._entry = batch.entry(name)
        self._target = schema_url(url, schema_of(number))

    def settings(self) -> Settings:
        """See `NovelHome`: what the row sets, over this machine's own."""
        return load_settings(
            None,
            environ=os.environ,
            user_file=find_user_file(os.environ),
            overrides=self._entry.row.settings,
        )

    def open_store(self) -> ManuscriptStore:
        """See `NovelHome`."""
        return ManuscriptStore.open(self._target)

    async def follow(self, branch: str, *, after: int = 0) -> AsyncIterator[Entry]:
        """See `NovelHome`. A draft is heard when it is whole, and a lost database awaited."""
        last = after
        opened: list[ManuscriptStore] = []

        def look() -> list[Entry]:
            if not opened:
                opened.append(self.open_store())
            return opened[0].events(branch=branch, after=last)

        try:
            while True:
                entries: list[Entry] = []
                with suppress(DatabaseGoneError, NotAProjectError):
                    entries = await _in_thread(look)
                for entry in entries:
                    last = entry.number
                    yield entry
                await asyncio.sleep(POLL_SECONDS)
        finally:
            for store in opened:
                store.close()

    async def writer(self) -> str:
        """See `NovelHome`: the worker that holds the lease."""
        self._writer = await _in_thread(lambda: holder_of(self._batch, self.name))
        return self._writer

    def takes_acts(self, branch: str) -> bool:
        """See `NovelHome`; as of the last look at who writes."""
        return bool(self._writer) and branch == MAIN

    def put(self, store: ManuscriptStore, act: Act, branch: str) -> ActRecord:
        """See `NovelHome`; a worker takes it.

        Raises:
            InputError: The novel is finished: no worker has it any more.
        """
        if self._batch.entry(self.name)[1].standing.status == "finished":
            raise InputError(
                f"{self.name} is finished: no worker would take this.",
                fix="Get the book with `x`, or: novelcraft export NAME --database URL",
            )
        return store.put_act(act, branch=branch, by=getuser())

    def changed_by_hand(
        self, store: ManuscriptStore, branch: str, novel: NovelSettings
    ) -> list[int]:
        """See `NovelHome`: there is no file here."""
        del store, branch, novel
        return []


async def _in_thread(call: Callable[[], T]) -> T:
    """Make a call in a thread. Cancelled, it still waits for that, so that nothing is left open."""
    made = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(made)
    except asyncio.CancelledError:
        await asyncio.wait((made,))
        raise
