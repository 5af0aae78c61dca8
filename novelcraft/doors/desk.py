"""What tools work with: settings, models and novels, opened when they are first needed.

Reading a novel changes nothing in it: its store is read, and calls are logged in memory.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from novelcraft.agents.session import AgentSession
from novelcraft.config.load import load_settings
from novelcraft.config.presets import SizePreset
from novelcraft.config.resolve import pick_preset
from novelcraft.config.root import Settings
from novelcraft.config.user import find_user_file
from novelcraft.errors import NotAProjectError, UnknownTargetError
from novelcraft.graphs.agent_sessions import OpenSession, open_sessions
from novelcraft.graphs.folder import DATABASE
from novelcraft.graphs.novel import Novel
from novelcraft.prompts.narrator import tail_of
from novelcraft.prompts.world import render_world, root_summary
from novelcraft.state.manuscript import Branch, SceneCommit
from novelcraft.state.plan import Plan, SceneBrief


@dataclass(frozen=True)
class BookView:
    """A novel as of one of its scenes."""

    novel: Novel
    branch: Branch
    plan: Plan
    chain: Sequence[SceneCommit]
    """The scenes that are known, in order."""

    @property
    def head(self) -> str | None:
        """The last scene that is known; None where none is."""
        return self.chain[-1].id if self.chain else None

    @property
    def coming(self) -> SceneBrief | None:
        """The scene after the last one that is known; None at the book's end."""
        scenes = self.plan.scenes
        return scenes[len(self.chain)] if len(self.chain) < len(scenes) else None

    @property
    def summary(self) -> str:
        """The story so far."""
        return self.chain[-1].summary if self.chain else root_summary(self.plan.cast)

    @property
    def tail(self) -> str:
        """The end of the last scene; empty where none is known."""
        return tail_of(self.chain[-1].prose) if self.chain else ""

    @property
    def world(self) -> str:
        """The world context, as the narrator is told it."""
        return render_world(self.plan)

    def facts(self, text: str = "") -> list[str]:
        """Facts that are true by then, those about people and things that a text names.

        Args:
            text: Names what is wanted; empty for all.
        """
        named = {word.strip(".,;:!?“”\"'’").casefold() for word in text.split()}
        known = [fact for _, fact in self.novel.store.facts_as_of(self.head)]
        return [
            f"{fact.subject}: {fact.statement}"
            for fact in known
            if not text or named & set(fact.subject.casefold().split())
        ]


@dataclass
class Desk:
    """Opened with `open_desk`; safe for calls side by side."""

    environ: Mapping[str, str]
    default_novel: str
    """Folder of the novel that is meant where a call names none; empty for none."""
    write: bool
    """Whether its tools may change novels."""
    _stack: AsyncExitStack
    _sessions: dict[str, OpenSession] = field(default_factory=dict)
    _novels: dict[str, Novel] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def session(self, step: str, novel: str = "") -> AgentSession:
        """The models of a novel's settings, or of the person's own, for a step of that name.

        Raises:
            ConfigError, ModelError: A role cannot be served.
            NotAProjectError: The folder holds no novel.
        """
        folder = novel or self.default_novel
        async with self._opening:
            if folder not in self._sessions:
                opened = open_sessions(await asyncio.to_thread(self._settings, folder))
                self._sessions[folder] = await self._stack.enter_async_context(opened)
        return self._sessions[folder](step)

    def view(
        self, novel: str = "", branch: str = "main", *, before: str = "", after: str = ""
    ) -> BookView | None:
        """A novel as of a scene; None where none is named, and none is the desk's own.

        Args:
            novel: Its folder.
            branch: Name of the branch.
            before: Number or id of the scene before which it is wanted.
            after: Number or id of the last scene that is known. With neither, all are.

        Raises:
            NotAProjectError: The folder holds no novel, or nothing of it is planned yet.
            UnknownTargetError: There is no such branch or scene.
        """
        folder = novel or self.default_novel
        if not folder:
            return None
        opened = self.novel(folder)
        store = opened.store
        place = store.branch(branch)
        if place.plan_version is None:
            raise NotAProjectError(
                f"{folder} has no plan yet.", fix=f"Write it: novelcraft write {folder}"
            )
        chain, plan = store.chain(place.head), store.plan(place.plan_version)
        if after:
            last = opened.scene(after, branch)
            chain = chain[: last.position]
        elif before:
            chain = chain[: _position(before, plan) - 1]
        return BookView(opened, place, plan, chain)

    def require_view(
        self, novel: str = "", branch: str = "main", *, before: str = "", after: str = ""
    ) -> BookView:
        """The same for a tool that cannot do without a novel.

        Raises:
            NotAProjectError: None is named.
        """
        view = self.view(novel, branch, before=before, after=after)
        if view is None:
            raise _unnamed()
        return view

    def preset(self, view: BookView | None) -> SizePreset:
        """The size preset of a novel's settings, or of the person's own; no model is opened."""
        settings = view.novel.settings if view else self._settings("")
        return pick_preset(settings.write, settings.roles.narrator.name)

    def novel(self, novel: str = "") -> Novel:
        """A novel, open until the desk is closed.

        Args:
            novel: Its folder; empty for the desk's own.

        Raises:
            NotAProjectError: None is named, or the folder holds none.
        """
        folder = novel or self.default_novel
        if not folder:
            raise _unnamed()
        if folder not in self._novels:
            path = Path(folder).expanduser()
            if not (path / DATABASE).is_file():
                raise NotAProjectError(
                    f"{path} holds no novel that was begun: there is no {DATABASE} in it.",
                    fix=f"Begin it: novelcraft write {path}",
                )
            opened = Novel.open(path, environ=self.environ)
            self._novels[folder] = self._stack.enter_context(opened)
        return self._novels[folder]

    def _settings(self, folder: str) -> Settings:
        if folder:
            return self.novel(folder).settings
        return load_settings(None, environ=self.environ, user_file=find_user_file(self.environ))


@asynccontextmanager
async def open_desk(
    novel: str = "", environ: Mapping[str, str] | None = None, *, write: bool = False
) -> AsyncIterator[Desk]:
    """A desk, with everything closed at the end that was opened on it.

    Args:
        novel: Folder of the novel that is meant where a call names none.
        environ: Environment to read settings from; the process's own by default.
        write: Let tools change novels, by acts of steering.
    """
    async with AsyncExitStack() as stack:
        yield Desk(os.environ if environ is None else environ, novel, write, stack)


def _unnamed() -> NotAProjectError:
    return NotAProjectError(
        "No novel is named.", fix='Give its folder as "novel", or start with --novel.'
    )


def _position(scene: str, plan: Plan) -> int:
    for number, brief in enumerate(plan.scenes, 1):
        if scene in (str(number), brief.id):
            return number
    raise UnknownTargetError(
        f"There is no scene {scene!r} in the plan: it has {len(plan.scenes)} scenes.",
        fix="Name a scene by its number or its id.",
    )
