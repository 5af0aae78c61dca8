"""What a node gets from outside: models, stores, settings. Tests pass fakes here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from langgraph.runtime import Runtime

from novelcraft.agents.planner import BookRequest
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SizePreset
from novelcraft.config.settings import NovelSettings, WriteSettings
from novelcraft.graphs.indexing import BackgroundIndex
from novelcraft.prompts.fit import TokenCounter
from novelcraft.state.events import WriteEvent
from novelcraft.state.stream import OnEvent
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.models.asking import Caller


@dataclass(frozen=True)
class WriteContext:
    """Runtime context of the write graph."""

    folder: Path
    store: ManuscriptStore
    index: BackgroundIndex
    caller: Caller
    count: TokenCounter
    """Counts tokens of the narrator's model."""
    can_continue: bool
    """Whether the narrator's server carries on a given completion."""
    novel: NovelSettings
    write: WriteSettings
    emit: OnEvent[WriteEvent]
    preset: SizePreset
    """With the settings' scene length and token budget in it."""
    until: int | None = None

    def session(self, step: str) -> AgentSession:
        """What an agent works with, for a step of that name."""
        return AgentSession(self.caller, self.preset, step, self.count)

    def book(self, wish: str = "") -> BookRequest:
        """What the planner is asked for.

        Args:
            wish: What a person who saw an earlier plan asks for.
        """
        return BookRequest(
            premise=self.novel.premise,
            title=self.novel.title,
            style=self.novel.style,
            wish=wish,
            language=self.novel.language,
            target_words=self.novel.target_words,
            chapters_wanted=self.novel.chapters,
        )


WriteRuntime = Runtime[WriteContext]
