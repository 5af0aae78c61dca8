"""The one narrator prompt.

The compiler of training rows and the narrator call `assemble` and nothing else, so what a
model is trained on is what it is asked. Stable parts come first (system, world), because
servers keep the prefix of a prompt in their cache.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from novelcraft.config.presets import PromptBudget
from novelcraft.prompts.fit import Keep, TokenCounter, fit, sentences
from novelcraft.prompts.loader import FENCE, as_data, load_template
from novelcraft.state.calls import Message
from novelcraft.state.manuscript import PromptSection

TEMPLATE = "narrator"

STOPS = (FENCE, "\nThe story so far:", "\nWrite the next scene")
"""Where a narrator that begins to write its own prompt is ended."""

TAIL_SENTENCES = 12
"""Sentences of the scene before that are offered to the prompt; its budget may take fewer."""


@dataclass(frozen=True)
class NarratorInput:
    """Everything the narrator may know about a scene."""

    world: str
    """The constitution of the book."""
    summary: str
    """The rolling summary before this scene; empty for the first."""
    notes: tuple[str, ...]
    """Facts and passages that were looked up, the most important first."""
    tail: str
    """The end of the scene before; empty for the first."""
    brief: tuple[str, ...]
    """Lines of the rendered brief, the indispensable ones first."""
    constraints: tuple[str, ...] = ()
    """What a redraft must heed."""


@dataclass(frozen=True)
class AssembledPrompt:
    """The narrator's prompt and its account."""

    messages: tuple[Message, ...]
    sections: tuple[PromptSection, ...]
    template_hash: str

    @property
    def hash(self) -> str:
        """SHA-256 of the messages, 64 hex digits."""
        return prompt_hash(self.messages)

    @property
    def text(self) -> str:
        """The contents of all messages, for checks that look for leaks."""
        return "\n".join(m.content for m in self.messages)


def prompt_hash(messages: tuple[Message, ...]) -> str:
    """SHA-256 over roles and contents, 64 hex digits."""
    payload = json.dumps([[m.role, m.content] for m in messages], ensure_ascii=False)
    return hashlib.sha256(payload.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class _Part:
    name: str
    units: list[str]
    keep: Keep
    data: bool = True
    """Whether it stands between fences: everything but the brief, which is what is asked."""


def _parts(given: NarratorInput) -> list[_Part]:
    cautions = [f"Take care: {c}" for c in given.constraints]
    return [
        _Part("world", sentences(given.world), "start"),
        _Part("summary", sentences(given.summary), "end"),
        _Part("canon", [f"- {n}\n" for n in given.notes], "start"),
        _Part("tail", sentences(given.tail), "end"),
        _Part("brief", [f"{line}\n" for line in (*given.brief, *cautions)], "start", data=False),
    ]


def tail_of(prose: str) -> str:
    """The end of a scene, as it is offered to the prompt of the scene after it."""
    return "".join(sentences(prose)[-TAIL_SENTENCES:])


def assemble(given: NarratorInput, budget: PromptBudget, count: TokenCounter) -> AssembledPrompt:
    """Lay out the narrator's prompt, each part within its budget.

    World and brief lose their end when they are too long, summary and tail their beginning,
    canon notes the least important ones. Whole sentences or lines go, never half of one.

    Args:
        given: The parts.
        budget: Tokens for each part.
        count: Token counter of the narrator's model.
    """
    sections: list[PromptSection] = []
    fitted: dict[str, str] = {}
    for part in _parts(given):
        allowed: int = getattr(budget, part.name)
        whole = "".join(part.units).strip()
        full = count(whole) if whole else 0
        text = fit(part.units, allowed, count, keep=part.keep)
        used = count(text) if text else 0
        fitted[part.name] = as_data(text) if text and part.data else text
        sections.append(
            PromptSection(name=part.name, tokens=used, budget=allowed, trimmed=full - used)
        )
    template = load_template(TEMPLATE)
    messages = template.render(**fitted)
    system = count(messages[0].content)
    sections.insert(0, PromptSection(name="system", tokens=system, budget=budget.system))
    return AssembledPrompt(messages, tuple(sections), template.hash)
