"""One novel: its folder, its settings, its store, and everything a person does with it.

This is the face that the command line, a text interface or another program uses.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any, Self

from novelcraft.config.load import load_settings
from novelcraft.config.root import Settings
from novelcraft.config.user import find_user_file
from novelcraft.errors import (
    InputError,
    UnknownTargetError,
    WritingError,
)
from novelcraft.graphs import length
from novelcraft.graphs.acts.canon import declare_intended, make_fork
from novelcraft.graphs.acts.place import find_scene
from novelcraft.graphs.acts.registry import needs_models
from novelcraft.graphs.checkpoints import open_checkpoints
from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.exporting import (
    MAIN,
    export_branch,
    exports_folder,
    summarize_run,
)
from novelcraft.graphs.folder import DATABASE, TOML, make_folder, require_novel
from novelcraft.graphs.revise import revise
from novelcraft.graphs.run_events import left_over, logged, started, stopped
from novelcraft.graphs.runner import resumable, run, start_state
from novelcraft.graphs.session import ModelsFactory, writing_context
from novelcraft.graphs.steering import idle_place, refuse_leftovers, take_idle
from novelcraft.graphs.write import build_write_graph
from novelcraft.state.acts import Act, ActRecord
from novelcraft.state.base import content_hash
from novelcraft.state.calls import Message
from novelcraft.state.events import (
    RunFinished,
    StopReason,
    WriteEvent,
)
from novelcraft.state.manuscript import Branch, Provenance, SceneCommit
from novelcraft.state.stream import OnEvent
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.export.book import DEFAULT_FORMATS, ExportResult
from novelcraft.tools.export.summary import RunSummary
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.storage.lock import ProjectLock, holder
from novelcraft.tools.text import quoted

OpenStore = Callable[[str], ManuscriptStore]
"""Opens a novel's database, and makes it under the id that it is given when there is none."""


class Novel:
    """An open novel. Use it as a context manager, or call `close`."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        store: ManuscriptStore,
        models: ModelsFactory = open_models,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.store = store
        self._models = models

    @classmethod
    def create(
        cls, folder: Path, settings: Settings, *, models: ModelsFactory = open_models
    ) -> Novel:
        """Make a novel's folder. A folder that holds nothing but a `novel.toml` is taken as well.

        Raises:
            NotAProjectError: The folder holds other files.
            ReadOnlyError, DiskFullError: It cannot be written.
        """
        make_folder(folder, settings)
        return cls._open(folder, settings, models)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        environ: Mapping[str, str] | None = None,
        models: ModelsFactory = open_models,
        open_store: OpenStore | None = None,
    ) -> Novel:
        """Open a novel's folder.

        Args:
            folder: Holds a `novel.toml`, and a `novel.db` once something was written.
            overrides: Settings from the command line, by section.
            environ: Environment to read settings from; the process's own by default.
            models: Opens the models of the roles.
            open_store: Opens or makes the novel's database, where that is not in the folder.

        Raises:
            NotAProjectError: The folder holds no novel.
            ConfigError: Its `novel.toml`, the user file or the environment cannot be used.
            NewerDatabaseError, DamagedDatabaseError: Its database cannot be used.
        """
        require_novel(folder)
        environ = os.environ if environ is None else environ
        settings = load_settings(
            folder / TOML,
            environ=environ,
            user_file=find_user_file(environ),
            overrides=overrides or {},
        )
        return cls._open(folder, settings, models, open_store)

    @classmethod
    def _open(
        cls,
        folder: Path,
        settings: Settings,
        models: ModelsFactory,
        open_store: OpenStore | None = None,
    ) -> Novel:
        # The same settings name the same book, so that its files can be equal byte for byte.
        novel_id = content_hash(settings.novel.model_dump(mode="json"))[:32]
        path = folder / DATABASE
        if open_store is not None:
            store = open_store(novel_id)
        elif path.exists():
            store = ManuscriptStore.open(path)
        else:
            store = ManuscriptStore.create(path, novel_id=novel_id)
        if MAIN not in {b.name for b in store.branches()}:
            store.create_branch(MAIN, head=None, plan_version=None)
        return cls(folder, settings, store, models)

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def write(
        self,
        *,
        on_event: OnEvent[WriteEvent],
        branch: str = MAIN,
        until: int | None = None,
        wait: bool = False,
    ) -> RunFinished | None:
        """Write on: from the premise, from the step a killed run was at, or from the last scene.

        Args:
            on_event: Listens to the run's events.
            branch: Name of the branch.
            until: Stop when the branch has so many scenes; 0 stops after the plan.
            wait: Whether to wait at the gates of an attended run until an answer is left, from
                any process; else the run ends there, and the next one waits on.

        Returns:
            The sums of the finished book; None when the run stopped before its end.

        Raises:
            ProjectBusyError: Another run holds the novel.
            PagesError, ConfigError: The branch was planned with other settings of the book.
            AuthorsFileError: The author's files cannot be used, or were changed since.
            UnfitSceneError: No attempt at a scene gave one; the next run draws it anew.
            CappedScenesError: Scene after scene was kept at the cap; the next run goes on.
            CostCapError: The next call could pass a limit; the next run goes on with it.
            ModelError: A model cannot be used. What was accepted before is safe.
        """
        self.require_planned(branch)
        finished: list[RunFinished] = []

        def listen(event: WriteEvent) -> None:
            if isinstance(event, RunFinished):
                finished.append(event)
            on_event(event)

        with (
            ProjectLock(self.folder, writes=branch),
            logged(self.folder, self.store, branch, listen) as emit,
        ):
            refuse_leftovers(idle_place(self.folder, self.store, branch), emit)
            async with open_checkpoints(self.folder, self.store) as checkpoints:
                graph = build_write_graph(checkpoints)
                on = await resumable(graph, self.store, branch)
                state = start_state(self.store, branch, until)
                if not on:
                    await checkpoints.adelete_thread(branch)
                resumed = on or state["plan_version"] is not None
                emit(started(self.store, state, self.settings.novel, resumed=resumed))
                given = None if on else state
                try:
                    while True:
                        async with self._context(branch, emit, until, wait=wait) as context:
                            ended = await run(graph, given, context, branch)
                        if ended["action"] != "reopen":
                            break
                        given = {**ended, "gate": ""}
                except WritingError:
                    # The step in flight would fail again: the next run starts from the chain.
                    await checkpoints.adelete_thread(branch)
                    raise
            take_idle(self.folder, self.store, branch, emit)
            if left := self._need_models(branch):
                emit(left_over(self.folder, branch, left))
            if not finished:
                reason: StopReason = "waiting" if ended["action"] == "wait" else "asked"
                emit(stopped(self.store, branch, reason))
        return finished[0] if finished else None

    async def steer(
        self, act: Act, *, on_event: OnEvent[WriteEvent], branch: str = MAIN, by: str = ""
    ) -> ActRecord:
        """Leave an act, and do it now where no run is there to do it.

        Args:
            act: What is wanted.
            on_event: Listens to what is done now.
            branch: The branch that it is about.
            by: Who wants it.

        Returns:
            The act as it stands then.

        Raises:
            UnknownTargetError: There is no such branch.
            ModelError: A model that it needs cannot be used; the act waits on.
        """
        record = self.store.put_act(act, branch=branch, by=by)
        if holder(self.folder) is None:
            await self.take_acts(on_event=on_event, branch=branch)
        return self.store.act(record.id)

    async def take_acts(self, *, on_event: OnEvent[WriteEvent], branch: str = MAIN) -> None:
        """Do what was left for a branch while nobody wrote it, and what is left meanwhile.

        Raises:
            ProjectBusyError: A run holds the novel, and takes them.
            ModelError: A model that is needed cannot be used; those acts wait on.
        """
        with ProjectLock(self.folder), logged(self.folder, self.store, branch, on_event) as emit:
            take_idle(self.folder, self.store, branch, emit)
            if not self._need_models(branch):
                return
            async with self._context(branch, emit) as context:
                while waiting := self._need_models(branch):
                    await revise(context, waiting[0], context.place(branch, "idle"))
                    take_idle(self.folder, self.store, branch, emit)

    def _need_models(self, branch: str) -> list[ActRecord]:
        """The acts that wait and need a model, in their order."""
        waiting = self.store.acts(branch, "pending")
        return [record for record in waiting if needs_models(record.act)]

    def _context(
        self,
        branch: str,
        emit: OnEvent[WriteEvent],
        until: int | None = None,
        *,
        wait: bool = False,
    ) -> AbstractAsyncContextManager[WriteContext]:
        return writing_context(
            self.folder,
            self.settings,
            self.store,
            self._models,
            branch=branch,
            emit=emit,
            until=until,
            wait=wait,
        )

    def is_finished(self, branch: str = MAIN) -> bool:
        """Whether the branch's book is complete and exported as it stands."""
        head = self.store.branch(branch).head
        exported = any(exports_folder(self.folder, branch).glob("*.epub"))
        return bool(head and head == self.store.finished_head(branch) and exported)

    def scene(self, name: str, branch: str = MAIN) -> SceneCommit:
        """A written scene by its number in the book (`12`), its id (`s012`) or its commit.

        Raises:
            UnknownTargetError: The branch has no such scene.
        """
        with self._named():
            return find_scene(self.store, branch, name)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name this novel in the commands that an error tells a person to type."""
        try:
            yield
        except InputError as error:
            error.fix = error.fix.replace("NOVEL", quoted(self.folder))
            raise

    def fork(self, at: str, name: str, *, branch: str = MAIN) -> Branch:
        """A new branch whose last scene is the one named; writing goes on from there.

        It can be made at any time: it changes nothing that a run reads. A commit may be named that
        is on no branch, or before a gap in one.

        Raises:
            UnknownTargetError: There is no such scene.
            InputError: There is such a branch already, or the name cannot be a folder's.
        """
        with self._named():
            return make_fork(self.store, branch, at, name)

    def exempt(self, key: str, reason: str) -> None:
        """Declare a finding intended, in the scenes that are written and in later ones.

        Raises:
            UnknownTargetError: Nothing was found under that key.
        """
        with self._named():
            declare_intended(self.store, key, reason)

    def require_planned(self, branch: str = MAIN) -> None:
        """Refuse settings of the book that a begun branch does not follow.

        Raises:
            PagesError, ConfigError: It was planned with another length, premise, or the like.
            AuthorsFileError: The author's files cannot be used, or were changed since.
        """
        length.require_planned(self.store, branch, self.settings.novel, self.folder)

    async def change_length(self, branch: str = MAIN) -> bool:
        """Plan a begun book for the length that the settings name; see `length.change_length`.

        Raises:
            ProjectBusyError: Another run holds the novel.
            PagesError: The branch cannot have that length any more.
        """
        with ProjectLock(self.folder):
            changed = length.change_length(self.store, branch, self.settings.novel, self.folder)
            if changed:
                # The step in flight would go on with the plan as it was.
                async with open_checkpoints(self.folder, self.store) as checkpoints:
                    await checkpoints.adelete_thread(branch)
        return changed

    def export(
        self, formats: Sequence[str] = DEFAULT_FORMATS, *, branch: str = MAIN
    ) -> ExportResult:
        """Write the branch's book, finished or not, in those formats.

        Raises:
            UnknownTargetError: The branch has no scene yet.
            ExportError: pandoc failed.
        """
        return export_branch(self.store, self.folder, branch, self.settings.novel, formats)

    def summary(self, branch: str = MAIN) -> RunSummary:
        """The sums of a branch, its findings and where its text came from.

        Raises:
            UnknownTargetError: The branch has no scene yet.
        """
        return summarize_run(self.store, branch, self.settings.novel)

    def prompt(self, scene: str, branch: str = MAIN) -> tuple[tuple[Message, ...], Provenance]:
        """The messages that a written scene's prose was drawn from, and the account of them.

        Raises:
            UnknownTargetError: There is no such scene, or a person wrote it.
        """
        commit = self.scene(scene, branch)
        calls = commit.provenance.calls
        record = self.store.find_call(calls[0]) if calls else None
        if record is None:
            raise UnknownTargetError(
                f"Scene {scene} has no prompt: a person wrote it.",
                fix="Ask for a scene that the narrator wrote.",
            )
        return record.messages, commit.provenance
