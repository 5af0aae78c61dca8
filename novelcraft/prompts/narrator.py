"""The one narrator prompt.

The compiler of training rows and the narrator call `assemble` and nothing else, so what a
model is trained on is what it is asked. Stable parts come first (system, world), because
servers keep the prefix of a prompt in their cache.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from novelcraft.prompts.brief import brief_units
from novelcraft.prompts.fit import TokenCounter, choose, sentences, shorten, with_end
from novelcraft.prompts.loader import FENCE, as_data, load_template, without_fences
from novelcraft.state.calls import Message
from novelcraft.state.layout import Layout, LayoutNote
from novelcraft.state.manuscript import PromptSection

TEMPLATE = "narrator"

STOPS = (FENCE, "\nThe story so far:", "\nWrite the next scene")
"""Where a narrator that begins to write its own prompt is ended."""

TAIL_SENTENCES = 12
"""Sentences of the scene before that are offered to the prompt; its budget may take fewer."""

GIVES_WAY = ("canon", "tail", "summary", "world")
"""Parts that make room for constraints, the first one first."""

_CUT_CHARS, _CUT_NAMED = 60, 12
"""Characters of a unit by which it is named among what was cut, and how many are named."""

_LINE_START = re.compile(r"(?<=\n)")


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
    """What the scene must heed, the most important first."""
    present: tuple[str, ...] = ()
    """Names of who is in the scene: where the world is too long, what it says of them stays."""
    past: tuple[str, ...] = ()
    """What the acts and chapters before told, in story order; empty in a short book."""
    recent: str = ""
    """Whole scenes right before this one, in story order; empty where the layout has no room."""


@dataclass(frozen=True)
class AssembledPrompt:
    """The narrator's prompt and its account."""

    messages: tuple[Message, ...]
    sections: tuple[PromptSection, ...]
    template_hash: str
    layout: LayoutNote | None = None
    """None for a prompt that was laid out elsewhere, such as a row's."""

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
    """A part of the prompt, in units that are kept or dropped whole."""

    name: str
    units: list[str]
    worth: list[int]
    """Numbers of its units, the most worthy first."""
    data: bool = True
    """Whether it stands between fences: everything but what is asked."""
    excerpt: bool = False
    """Whether what does not fit is nothing lost."""

    skip: bool = False
    """Whether units of less worth are tried where one does not fit."""

    def fitted(self, budget: int, count: TokenCounter) -> _Fitted:
        kept = choose(self.units, self.worth, budget, count, skip=self.skip)
        text = "".join(self.units[i] for i in kept).strip()
        return _Fitted(self, kept, text, count(text) if text else 0)


@dataclass(frozen=True)
class _Fitted:
    """A part within a budget."""

    part: _Part
    kept: list[int]
    text: str
    tokens: int

    def section(self, budget: int, count: TokenCounter) -> PromptSection:
        whole = "".join(self.part.units).strip()
        cut = [] if self.part.excerpt else [i for i in self.part.worth if i not in self.kept]
        return PromptSection(
            name=self.part.name,
            tokens=self.tokens,
            budget=budget,
            trimmed=(count(whole) if whole else 0) - self.tokens,
            cut=tuple(shorten(self.part.units[i], _CUT_CHARS) for i in cut[:_CUT_NAMED]),
        )

    @property
    def rendered(self) -> str:
        return as_data(self.text) if self.text and self.part.data else without_fences(self.text)


def _parts(given: NarratorInput) -> list[_Part]:
    return [
        _Part("world", *_world(given)),
        _Part("summary", *_story(given)),
        _Part("canon", *_in_order([f"- {n}\n" for n in given.notes])),
        _tail(given.tail),
        _Part("brief", *brief_units(given.brief), data=False, skip=True),
        _Part("cautions", *_in_order([caution(c) for c in given.constraints]), data=False),
    ]


def caution(constraint: str) -> str:
    """The line by which the narrator is told what to heed."""
    return f"Take care: {constraint}\n"


def _in_order(units: list[str]) -> tuple[list[str], list[int]]:
    return units, list(range(len(units)))


def _from_end(text: str) -> tuple[list[str], list[int]]:
    units = sentences(text)
    return units, list(reversed(range(len(units))))


def _story(given: NarratorInput) -> tuple[list[str], list[int]]:
    """The story so far: acts and chapters, rolling summary, last scenes.

    The rolling summary is worth most, then acts and chapters from the first on, then the scenes
    from their end.
    """
    past = [f"{line}\n" for line in given.past]
    rolling, scenes = sentences(given.summary), sentences(given.recent)
    if rolling and scenes:
        rolling[-1] += "\n\n"
    told, start = len(past), len(past) + len(rolling)
    worth = [*reversed(range(told, start)), *range(told)]
    return [*past, *rolling, *scenes], [*worth, *reversed(range(start, start + len(scenes)))]


def _world(given: NarratorInput) -> tuple[list[str], list[int]]:
    """The world: who is there comes first, then its beginning.

    What an author tells of somebody may be long: its first sentence comes first.
    """
    units: list[str] = []
    here: list[int] = []
    for line in _LINE_START.split(given.world.strip()):
        if any(_is_about(line, name) for name in given.present):
            here.append(len(units))
            told = any(line.startswith(f"{name}: ") for name in given.present)
            units += with_end(line) if told else [line]
        else:
            units += with_end(line)
    return units, [*here, *(i for i in range(len(units)) if i not in here)]


def _is_about(line: str, name: str) -> bool:
    return bool(name) and line.startswith(name) and not line[len(name) : len(name) + 1].isalnum()


def _tail(text: str) -> _Part:
    return _Part("tail", *_from_end(text), excerpt=True)


def fit_tail(prose: str, layout: Layout, count: TokenCounter) -> str:
    """What the prompt after a scene shows of its end, where nothing makes it give way."""
    return _tail(tail_of(prose)).fitted(layout.tail, count).text


def tail_of(prose: str) -> str:
    """The end of a scene, as it is offered to the prompt of the scene after it."""
    return "".join(sentences(prose)[-TAIL_SENTENCES:])


def assemble(
    given: NarratorInput, layout: Layout, count: TokenCounter, most: int | None = None
) -> AssembledPrompt:
    """Lay out the narrator's prompt, each part within its budget.

    Whole sentences or lines go, never half of one, those of least worth first: of the world the
    end, and last what it says of who is present; of the story so far the last scenes from their
    beginning, then the latest of acts and chapters, then the summary from its beginning; of the
    tail the beginning; of the canon notes the least important ones; of the brief the end, and last
    whom it follows and where.

    Constraints stand in the room that the other parts leave of the prompt's whole budget; where
    there is too little, canon, tail, summary and world give way, in this order. So a prompt with
    them is no longer than one without may be, and they are cut only where system and brief leave
    no room for them even alone.

    Args:
        given: The parts.
        layout: Tokens for each part.
        count: Token counter of the narrator's model.
        most: Tokens that the prompt may have at most, where a server takes fewer than the layout:
            canon, tail, summary and world give way. None for what the layout has.
    """
    allowed = {part.name: layout.of(part.name) for part in _parts(given)}
    fitted = {part.name: part.fitted(allowed[part.name], count) for part in _parts(given)}
    template = load_template(TEMPLATE)
    system = count(template.render(**dict.fromkeys(fitted, ""))[0].content)
    room = (layout.prompt if most is None else min(most, layout.prompt)) - system
    cautions = fitted["cautions"].part.fitted(max(0, room - fitted["brief"].tokens), count)
    fitted["cautions"] = cautions
    if cautions.tokens or most is not None:
        _give_way(fitted, room, count)
    texts = {name: part.rendered for name, part in fitted.items()}
    asked = "\n".join(filter(None, (texts["brief"], texts.pop("cautions"))))
    messages = template.render(**{**texts, "brief": asked})
    sections = [f.section(allowed[name], count) for name, f in fitted.items()]
    sections.insert(0, PromptSection(name="system", tokens=system, budget=layout.system))
    return AssembledPrompt(messages, tuple(sections), template.hash, layout.note)


def _give_way(fitted: dict[str, _Fitted], room: int, count: TokenCounter) -> None:
    """Make the parts of least worth smaller, until all fit the room that there is."""
    for name in GIVES_WAY:
        over = sum(f.tokens for f in fitted.values()) - room
        if over <= 0:
            return
        fitted[name] = fitted[name].part.fitted(max(0, fitted[name].tokens - over), count)
