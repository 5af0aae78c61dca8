"""What a node of the prep graph gets from outside. Tests pass fakes here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from langgraph.runtime import Runtime

from novelcraft.agents.session import AgentSession
from novelcraft.config.prep import PrepSettings
from novelcraft.config.presets import SizePreset
from novelcraft.state.base import content_hash
from novelcraft.state.layout import Layout
from novelcraft.state.prep import PrepEvent, Stage, StageDone
from novelcraft.state.stream import OnEvent
from novelcraft.tools.books.folder import PrepFolder
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer
from novelcraft.tools.books.scenes.limits import SceneLimits
from novelcraft.tools.canon.embedders import Embedder
from novelcraft.tools.models.asking import Caller

BY_RULE = "rule:"
"""Begins the inputs of what was made by rule, which a run with models makes anew."""


@dataclass(frozen=True)
class PrepContext:
    """Runtime context of the prep graph."""

    folder: PrepFolder
    settings: PrepSettings
    layout: Layout
    """Of the rows."""
    limits: SceneLimits
    open_tokenizer: Callable[[], BaseTokenizer]
    """Opened when it is first needed, because the early stages do without it."""
    open_embedder: Callable[[], Embedder]
    """Its vectors find breakpoints where no model does."""
    caller: Caller | None
    """The models; None to do without, see `PrepSettings`."""
    slots: int
    """Calls that the model's server answers at once."""
    preset: SizePreset
    emit: OnEvent[PrepEvent]
    books_at_once: asyncio.Semaphore
    """Bounds how many books are worked on, and so how much text is in memory."""
    processors: asyncio.Semaphore
    """Bounds the work that keeps a processor busy."""

    def session(self, caller: Caller, step: str) -> AgentSession:
        """What an agent works with, for a step of that name."""
        return AgentSession(caller, self.preset, step, self.count)

    @property
    def tokenizer(self) -> BaseTokenizer:
        """The base model's tokenizer."""
        return self.open_tokenizer()

    def count(self, text: str) -> int:
        """Tokens of a text by the base model's tokenizer."""
        return self.tokenizer.count(text)

    def inputs(self, *parts: object) -> str:
        """Hash of what a target is made from, and whether it is made by rule."""
        made_from = content_hash(parts)
        return made_from if self.caller is not None else f"{BY_RULE}{made_from}"

    def is_due(
        self, book_id: str, stage: Stage, target: str, inputs: str, present: str | None
    ) -> bool:
        """Whether a target is to be made. What a model made is not made anew by rule."""
        manifest = self.folder.build_manifest(book_id)
        record = manifest.of(stage).targets.get(target)
        by_model = record is not None and not record.inputs.startswith(BY_RULE)
        if self.caller is None and present is not None and by_model:
            return False
        return manifest.is_due(stage, target, inputs, present)

    def done(self, book_id: str, stage: Stage, *, fresh: bool, detail: str = "") -> None:
        """Emit that a stage of a book is done."""
        self.emit(StageDone(book_id=book_id, stage=stage, fresh=fresh, detail=detail))


PrepRuntime = Runtime[PrepContext]
