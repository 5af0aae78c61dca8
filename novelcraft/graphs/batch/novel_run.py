"""One novel of a batch: opened on the batch's servers, written, and its standing noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from novelcraft.config.load import load_settings
from novelcraft.config.root import Settings
from novelcraft.config.template import novel_toml
from novelcraft.errors import (
    CostCapError,
    DatabaseGoneError,
    DiskFullError,
    LeaseLostError,
    NovelcraftError,
    ProjectError,
    ReadOnlyError,
)
from novelcraft.graphs.exporting import MAIN, exports_folder
from novelcraft.graphs.folder import TOML, make_folder
from novelcraft.graphs.novel import Novel, OpenStore
from novelcraft.state.batch import BatchEntry, BatchEvent, NovelGrew, NovelNotice, RowProgress
from novelcraft.state.events import Notice, PlanReady, RunStarted, SceneCommitted, WriteEvent
from novelcraft.state.stream import OnEvent
from novelcraft.tools.authored import AUTHORED
from novelcraft.tools.batch.store import worker_name
from novelcraft.tools.models.calls import CallLog
from novelcraft.tools.models.chat import ChatModels
from novelcraft.tools.models.opening import ServerPool, open_models
from novelcraft.tools.models.spending import Budget, Spending
from novelcraft.tools.storage.files import write_atomic
from novelcraft.tools.text import clipped

STOPPED = "A person stopped it. The same command again goes on."
Note = Callable[[str, RowProgress], None]
"""Writes down how the novel of a name stands."""


class NovelRun:
    """One novel of a batch, being written.

    Args:
        shelf: The folder of all novels.
        entry: The novel's row, and how it stands.
        budget: What the whole batch may cost.
        note: Writes down how the novel stands.
        emit: Hears of what happens.
        open_store: Opens the novel's database, where it is not in its folder.
    """

    def __init__(
        self,
        shelf: Path,
        entry: BatchEntry,
        budget: Budget,
        note: Note,
        emit: OnEvent[BatchEvent],
        open_store: OpenStore | None = None,
    ) -> None:
        self._open_store = open_store
        self._row = entry.row
        self._folder = shelf / entry.row.name
        self._budget = budget
        self._note = note
        self._emit = emit
        self._spending: Spending | None = None
        self._standing = entry.standing
        self.update(
            status="writing",
            error="",
            path=entry.row.name,
            worker=worker_name(),
        )

    @property
    def answered(self) -> bool:
        """Whether any model answered in this run."""
        return self._spending is not None and self._spending.answers > 0

    async def run(
        self, pool: ServerPool, environ: Mapping[str, str]
    ) -> tuple[RowProgress, Exception | None]:
        """Write the novel; how it stands in the end, and the error that ended it."""
        try:
            with self._opened(pool, environ) as novel:
                await novel.change_length()
                if not novel.is_finished() and not await novel.write(on_event=self._listen):
                    # Nothing but a person's act ends a run before its book.
                    return self.update(status="paused", error=STOPPED), None
                self._sum_up(novel)
        except (LeaseLostError, DatabaseGoneError):
            # Not the novel's fault: whoever gets it next goes on.
            raise
        except (DiskFullError, ReadOnlyError) as error:
            if self._open_store is not None:
                # This machine's fault: another worker goes on.
                raise
            return self.update(status="failed", error=str(error)), error
        except CostCapError as error:
            return self.update(status="paused", error=str(error)), error
        except NovelcraftError as error:
            return self.update(status="failed", error=str(error)), error
        except Exception as error:
            # A fault of ours in one novel must not end the others.
            return self.update(status="failed", error=f"{type(error).__name__}: {error}"), error
        return self._standing, None

    def update(self, **changes: Any) -> RowProgress:
        """Write down how the novel stands, with what its calls came to."""
        if self._spending is not None:
            changes["seconds"] = round(self._spending.seconds, 3)
            changes |= asdict(self._spending.spent)
        self._standing = self._standing.model_copy(update=changes)
        self._note(self._row.name, self._standing)
        return self._standing

    def _opened(self, pool: ServerPool, environ: Mapping[str, str]) -> Novel:
        """The novel, its folder made if need be, with the servers of the batch."""
        given = Settings.model_validate(self._row.settings)
        make_folder(self._folder, given)
        if self._open_store is None:
            self._require_same_premise(given)
        else:
            # A worker's folder holds nothing that a person would edit: the row is the truth.
            write_atomic(self._folder / TOML, novel_toml(given).encode("utf-8"))
            for name in AUTHORED:
                (self._folder / name).unlink(missing_ok=True)
            for name, written in self._row.authored.items():
                write_atomic(self._folder / name, written.encode("utf-8"))
        # Nobody is there to answer at a gate.
        write = {**self._row.settings.get("write", {}), "attend": []}
        if self._row.cap is not None:
            write["most_cost"] = self._row.cap
        models = partial(open_models, notify=self._tell, environ=environ, pool=pool)

        def counted(settings: Settings, log: CallLog) -> AbstractAsyncContextManager[ChatModels]:
            return models(settings, log, spending=self._spending)

        novel = Novel.open(
            self._folder,
            overrides={**self._row.settings, "write": write},
            environ=environ,
            models=counted,
            open_store=self._open_store,
        )
        try:
            before = novel.store.model_lines()
            self._spending = Spending(novel.settings, before, self._budget)
        except BaseException:
            novel.close()
            raise
        return novel

    def _require_same_premise(self, given: Settings) -> None:
        there = load_settings(self._folder / TOML, environ={}, user_file=None).novel.premise
        if there.strip() and there.split() != given.novel.premise.split():
            raise ProjectError(
                f"{self._folder} holds another novel: “{clipped(there)}”",
                fix='Give the row another "name", or move that folder away.',
            )

    def _tell(self, text: str) -> None:
        self._emit(NovelNotice(name=self._row.name, text=text))

    def _listen(self, event: WriteEvent) -> None:
        match event:
            case RunStarted():
                self._grow(scenes=event.scenes_done, words=event.words_done)
            case PlanReady():
                self._grow(scenes_planned=event.scenes)
            case SceneCommitted():
                self._grow(
                    scenes=event.position, scenes_planned=event.scenes, words=event.words_total
                )
            case Notice():
                self._tell(event.text)
            case _:
                pass

    def _grow(self, **numbers: int) -> None:
        standing = self.update(**numbers)
        self._emit(
            NovelGrew(
                name=self._row.name,
                scenes=standing.scenes,
                scenes_planned=standing.scenes_planned,
                words=standing.words,
            )
        )

    def _sum_up(self, novel: Novel) -> None:
        chain = novel.store.chain(novel.store.branch(MAIN).head)
        epubs = sorted(exports_folder(self._folder, MAIN).glob("*.epub"))
        self.update(
            status="finished",
            scenes=len(chain),
            scenes_planned=len(chain),
            words=sum(commit.words for commit in chain),
            findings=sum(len(commit.findings) for commit in chain),
            at_cap=sum(commit.accepted_by == "cap" for commit in chain),
            path=str((epubs[-1] if epubs else self._folder).relative_to(self._folder.parent)),
        )
