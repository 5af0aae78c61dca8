"""What every check of a scene is given, and how it quotes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from novelcraft.config.presets import SizePreset
from novelcraft.state.plan import Character, Plan, SceneBrief
from novelcraft.tools.metrics import Prose

EVIDENCE = 3
"""Quotes that a finding carries at most."""

QUOTE_CHARS = 160
"""Characters of a quote at most."""


@dataclass(frozen=True)
class CheckInput:
    """A draft of a scene, and what is known before it."""

    prose: str
    finish_reason: str
    """Why the narrator stopped, as in its provenance."""
    brief: SceneBrief
    plan: Plan
    preset: SizePreset
    target_words: int
    prompt: str
    """The text of the prompt that the draft came from; empty when a person wrote it."""
    earlier: Sequence[str]
    """The prose of the scenes before, oldest first."""

    @cached_property
    def text(self) -> Prose:
        """The draft, cut into its pieces once for all checks."""
        return Prose(self.prose)

    @property
    def english(self) -> bool:
        """Whether rules that only hold for English apply."""
        return self.plan.language.lower().startswith("en")

    @property
    def pov(self) -> Character:
        """The point-of-view character."""
        return self.plan.character(self.brief.pov)


def quote(text: str, *, end: bool = False) -> str:
    """The first part of a text, or its last, short enough for evidence, cut between words."""
    text = text.strip()
    if len(text) <= QUOTE_CHARS:
        return text
    if end:
        part = text[-QUOTE_CHARS:]
        return part[part.find(" ") + 1 :]
    part = text[:QUOTE_CHARS]
    return part[: part.rfind(" ")] if " " in part else part


def evidence(texts: Iterable[str]) -> tuple[str, ...]:
    """The first few of some texts, each once, as quotes."""
    return tuple(list(dict.fromkeys(quote(t) for t in texts))[:EVIDENCE])
