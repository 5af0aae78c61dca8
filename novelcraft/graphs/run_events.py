"""The events of a run: how they are kept, and those that tell how it began and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import NovelcraftError
from novelcraft.state.acts import ActRecord
from novelcraft.state.events import (
    Drafting,
    Growth,
    Notice,
    RunStarted,
    RunStopped,
    SceneStarted,
    StepStarted,
    StopReason,
    WriteEvent,
)
from novelcraft.state.graph import WriteState
from novelcraft.state.stream import OnEvent
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.feed import FeedWriter
from novelcraft.tools.text import quoted


class EventLog:
    """Keeps a run's events for whoever follows it, and passes them on.

    What is kept is in the store. The growth of the draft that is being written, and the steps
    within its scene, are in the folder's feed.

    Args:
        store: Where events are logged.
        feed: The folder's feed.
        branch: The branch that is written.
        on_event: Listens.
    """

    def __init__(
        self,
        store: ManuscriptStore,
        feed: FeedWriter,
        branch: str,
        on_event: OnEvent[WriteEvent],
    ) -> None:
        self._store = store
        self._feed = feed
        self._branch = branch
        self._on_event = on_event
        self._last = 0

    def __call__(self, event: WriteEvent) -> None:
        """Take an event."""
        if isinstance(event, Drafting | StepStarted):
            growth = Growth(after=self._last, branch=self._branch, event=event)
            self._feed.append(f"{growth.model_dump_json()}\n")
        else:
            self._last = self._store.log_event(event, self._branch)
        if isinstance(event, SceneStarted):
            self._feed.cut()
        self._on_event(event)


@contextmanager
def logged(
    folder: Path, store: ManuscriptStore, branch: str, on_event: OnEvent[WriteEvent]
) -> Iterator[OnEvent[WriteEvent]]:
    """What takes the events of a run; what ends it early becomes its last one.

    One that is cancelled, by Ctrl-C or by SIGTERM, says so to those who follow it from elsewhere;
    whoever cancelled it knows.
    """
    with FeedWriter(folder) as feed:
        emit = EventLog(store, feed, branch, on_event)
        try:
            yield emit
        except NovelcraftError as error:
            with suppress(NovelcraftError):
                emit(stopped(store, branch, "failed", str(error)))
            raise
        except asyncio.CancelledError:
            with suppress(NovelcraftError):
                store.log_event(stopped(store, branch, "asked"), branch)
            raise
        finally:
            feed.remove()


def started(
    store: ManuscriptStore, state: WriteState, novel: NovelSettings, *, resumed: bool
) -> RunStarted:
    """What is told of a run that begins in that state."""
    chain = store.chain(state["head"])
    return RunStarted(
        branch=state["branch"],
        resumed=resumed,
        scenes_done=len(chain),
        words_done=sum(c.words for c in chain),
        target_words=novel.target_words,
        target_pages=novel.pages,
    )


def stopped(store: ManuscriptStore, branch: str, reason: StopReason, error: str = "") -> RunStopped:
    """What is told of a run that ends before the book does."""
    scenes = len(store.commit_ids(store.branch(branch).head))
    return RunStopped(reason=reason, scenes_done=scenes, error=error)


def left_over(folder: Path, branch: str, acts: Sequence[ActRecord]) -> Notice:
    """Names the acts that came after a run's last safe point, and need a model."""
    left = ", ".join(str(record.id) for record in acts)
    other = "" if branch == "main" else f" --branch {branch}"
    return Notice(
        text=f"What was left after the last safe point (act {left}) "
        "waits for the next run. Have it done now: "
        f"novelcraft steer {quoted(folder)}{other} apply"
    )
