"""What a node gets from outside: models, stores, settings. Tests pass fakes here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from langgraph.runtime import Runtime

from novelcraft.agents.planner import BookRequest
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SizePreset
from novelcraft.config.root import Settings
from novelcraft.config.settings import NovelSettings, WriteSettings
from novelcraft.graphs.acts.place import Place, fault_of_note
from novelcraft.graphs.background import BackgroundWork
from novelcraft.graphs.indexing import BackgroundIndex
from novelcraft.graphs.manuscript import RunningHash
from novelcraft.prompts.fit import TokenCounter
from novelcraft.prompts.narrator import caution
from novelcraft.state.acts import SafePoint
from novelcraft.state.authored import NOTHING, Authored
from novelcraft.state.events import WriteEvent
from novelcraft.state.stream import OnEvent
from novelcraft.tools.canon.embedders import Embedder
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.models.asking import Caller


@dataclass(frozen=True)
class WriteContext:
    """Runtime context of the write graph."""

    folder: Path
    store: ManuscriptStore
    index: BackgroundIndex
    background: BackgroundWork
    """Takes what no scene waits for."""
    embedder: Embedder
    caller: Caller
    count: TokenCounter
    """Counts tokens of the narrator's model."""
    novel: NovelSettings
    write: WriteSettings
    emit: OnEvent[WriteEvent]
    preset: SizePreset
    """With the settings' scene length and token budget in it."""
    settings: Settings
    """The novel's, without what acts have set."""
    beside_scene: int
    """Tokens that a question about a scene takes at most beside the scene, with its answer."""
    manuscript_hash: RunningHash = field(default_factory=RunningHash)
    until: int | None = None
    wait: bool = False
    """Whether to wait at a gate until somebody leaves an answer, rather than to end there."""
    passages: bool = True
    """Whether canon notes have passages beside facts: rows have none, so a narrator that was
    trained on them is told none."""

    def place(
        self,
        branch: str,
        point: SafePoint,
        *,
        scene_id: str = "",
        attempt: int = 1,
        gate: str = "",
    ) -> Place:
        """A safe point of the run."""
        return Place(
            store=self.store,
            branch=branch,
            point=point,
            settings=lambda: self.settings,
            note_fault=self.note_fault,
            scene_id=scene_id,
            attempt=attempt,
            gate=gate,
        )

    def note_fault(self, note: str) -> str:
        """Why a person's note cannot be given to the narrator; empty where it can."""
        tokens = self.count(caution(note)) if note else 0
        return fault_of_note(tokens, self.preset.layout.cautions)

    @property
    def can_continue(self) -> bool:
        """Whether the narrator's server carries on a given completion."""
        return self.caller.models.endpoint("narrator").supports_prefill

    def session(self, step: str) -> AgentSession:
        """What an agent works with, for a step of that name."""
        return AgentSession(self.caller, self.preset, step, self.count)

    def book(self, wish: str = "", authored: Authored = NOTHING) -> BookRequest:
        """What the planner is asked for.

        Args:
            wish: What a person who saw an earlier plan asks for.
            authored: What the author has of it.
        """
        return BookRequest.of(self.novel, wish, authored)


WriteRuntime = Runtime[WriteContext]
