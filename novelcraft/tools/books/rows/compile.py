"""Scenes become training rows, through the one narrator prompt.

A row is never longer than it may be, and its text is never cut. Where a row is too long, context
is left out by whole sentences or lines, in the order of `TRIM_ORDER`: first the tail of the scene
before and the canon notes, then the plan in the think block, then the oldest of the summary, the
end of the world context, and last the end of the brief, whose first line always stays. A text
that does not fit even then becomes no row, and is named.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from novelcraft.config.prep import PrepSettings, ThinkMode, check_layout
from novelcraft.prompts.fit import fit
from novelcraft.prompts.narrator import (
    AssembledPrompt,
    NarratorInput,
    assemble,
    prompt_hash,
    tail_of,
)
from novelcraft.state.books import BookFile, BookScene
from novelcraft.state.calls import Message
from novelcraft.state.layout import Layout
from novelcraft.state.rows import RowKind, SkippedRow, TrainingRow, Trim
from novelcraft.tools.books.rows.chat_template import CHATML, ChatTemplate, with_plan
from novelcraft.tools.books.rows.strategies import Window, windows
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer
from novelcraft.tools.books.rows.variety import Draws
from novelcraft.tools.canon.ranking import MOST_NOTES, fact_note, rank_facts

PLAN = "plan"
"""Names the plan in the think block among a row's sections."""

TRIM_ORDER = ("tail", "canon", PLAN, "summary", "world", "brief")
"""Which part of a row that is too long loses tokens first."""

_TRIES = 4
"""How often one section is made smaller: tokens of a part do not quite add up to the row's."""


@dataclass(frozen=True)
class CompiledRows:
    """The rows of a book, or of a folder of samples, and what became none."""

    rows: tuple[TrainingRow, ...]
    trims: tuple[Trim, ...]
    skipped: tuple[SkippedRow, ...]


@dataclass(frozen=True)
class RowPlace:
    """Where a row comes from."""

    kind: RowKind
    book_id: str
    chapter_index: int
    scene_id: str
    name: str
    """Of the row within its book."""

    @property
    def row_id(self) -> str:
        """Unique in a data set."""
        return f"{self.book_id}/{self.name}"


def template_of(tokenizer: BaseTokenizer) -> ChatTemplate:
    """The base model's chat template, or ChatML, which servers assume where there is none."""
    return tokenizer.template or CHATML


def think_of(tokenizer: BaseTokenizer, settings: PrepSettings) -> ThinkMode | None:
    """What rows have in their think block; None where the base model's template has none."""
    return None if template_of(tokenizer).think_block == "none" else settings.think


def compile_rows(
    book: BookFile,
    settings: PrepSettings,
    tokenizer: BaseTokenizer,
    without: Collection[str] = (),
) -> CompiledRows:
    """The rows of a book whose scenes have their briefs and summaries.

    Args:
        book: The book, with its scenes.
        settings: Budgets, limits and strategy.
        tokenizer: The base model's.
        without: Ids of scenes that become no rows, such as copies of another book's.

    Raises:
        BudgetError: The budgets do not fit together.
        ConfigError: The chat template cannot be used.
    """
    compiler = _Compiler(settings, tokenizer)
    rows: list[TrainingRow] = []
    trims: list[Trim] = []
    skipped: list[SkippedRow] = []
    for window in windows(book, settings, tokenizer.count, without):
        made = compiler.row(book, window)
        if isinstance(made, SkippedRow):
            skipped.append(made)
        else:
            rows.append(made[0])
            trims += made[1]
    return CompiledRows(tuple(rows), tuple(trims), tuple(skipped))


def measured_row(
    place: RowPlace,
    messages: Sequence[Message],
    tokenizer: BaseTokenizer,
    think: ThinkMode | None,
) -> TrainingRow:
    """A row of these messages, the assistant's last, counted as the base model sees it.

    Prompt and completion are counted apart, because a model is sent the one and writes the
    other: no token spans both.
    """
    prompt, completion = map(len, tokenizer.encode_row(messages, think))
    return TrainingRow(
        row_id=place.row_id,
        kind=place.kind,
        book_id=place.book_id,
        chapter_index=place.chapter_index,
        scene_id=place.scene_id,
        messages=tuple(messages),
        prompt_tokens=prompt,
        completion_tokens=completion,
        tokens=prompt + completion,
        trimmed=0,
        prompt_hash=prompt_hash(tuple(messages[:-1])),
    )


def canon_notes(book: BookFile, scene: BookScene) -> tuple[str, ...]:
    """What earlier scenes of a book made true that matters to one, as a novel's scenes are told."""
    brief = scene.brief
    if brief is None:
        return ()
    place = next(n for n, other in enumerate(book.scenes) if other.scene_id == scene.scene_id)
    known = [(n, f) for n, earlier in enumerate(book.scenes[:place]) for f in earlier.facts or ()]
    told = " ".join((brief.goal, *brief.beats, brief.turn, brief.outcome))
    ranked = rank_facts(known, (*brief.present, brief.place), told)
    return tuple(fact_note(fact) for _, fact in ranked[:MOST_NOTES])


@dataclass(frozen=True)
class _Sizes:
    """What each part of a row may take."""

    layout: Layout
    plan: int

    def shrunk(self, section: str, tokens: int) -> _Sizes:
        if section == PLAN:
            return dataclasses.replace(self, plan=tokens)
        return dataclasses.replace(self, layout=self.layout.with_parts(**{section: tokens}))


@dataclass(frozen=True)
class _Draft:
    """A row, laid out within some sizes."""

    row: TrainingRow
    used: dict[str, int]
    """Tokens of each section."""
    trimmed: dict[str, int]
    """Tokens that each section lost."""


class _Compiler:
    def __init__(self, settings: PrepSettings, tokenizer: BaseTokenizer) -> None:
        self._settings = settings
        self._tokenizer = tokenizer
        self._layout = check_layout(settings)
        self._think = think_of(tokenizer, settings)

    def row(self, book: BookFile, window: Window) -> tuple[TrainingRow, list[Trim]] | SkippedRow:
        place = RowPlace(
            kind="scene",
            book_id=book.meta.book_id,
            chapter_index=window.first.chapter_index,
            scene_id=window.first.scene_id,
            name=window.name,
        )
        if not window.text.strip():
            return SkippedRow(row_id=place.row_id, reason="It has no text.")
        draws = Draws(self._settings.seed, place.row_id)
        given, plan = self._given(book, window, draws), self._plan(window.scenes)
        sizes = self._sizes(given, len(window.scenes))
        first = draft = self._draft(place, window, given, plan, sizes)
        for section in TRIM_ORDER:
            for _ in range(_TRIES):
                over = draft.row.tokens - self._settings.max_row_tokens
                left = self._least(section, given)
                if over <= 0 or draft.used[section] <= left:
                    break
                sizes = sizes.shrunk(section, max(left, draft.used[section] - over))
                draft = self._draft(place, window, given, plan, sizes)
        if draft.row.tokens > self._settings.max_row_tokens:
            return self._too_long(draft)
        trims = _trims(first, draft)
        return draft.row.model_copy(update={"trimmed": sum(t.tokens for t in trims)}), trims

    def _given(self, book: BookFile, window: Window, draws: Draws) -> NarratorInput:
        layout, brief = self._layout, window.first.brief
        pov = brief.pov if brief else ""
        return NarratorInput(
            world=book.meta.world_context,
            summary=window.first.recursive_summary,
            notes=canon_notes(book, window.first) if layout.canon and draws.canon else (),
            tail=tail_of(window.before) if layout.tail and draws.tail else "",
            brief=tuple(
                line
                for scene in window.scenes
                for line in scene.instruction.splitlines()
                if line.strip()
            ),
            present=tuple(
                name
                for scene in window.scenes
                if scene.brief
                for name in dict.fromkeys((scene.brief.pov, *scene.brief.present))
            ),
            constraints=draws.cautions(window.text, pov) if layout.cautions else (),
        )

    def _plan(self, scenes: Sequence[BookScene]) -> list[str]:
        if self._think != "beats":
            return []
        return [f"- {beat}\n" for scene in scenes if scene.brief for beat in scene.brief.beats]

    def _sizes(self, given: NarratorInput, scenes: int) -> _Sizes:
        # What a scene is about comes before any budget: without its first line a row would
        # teach to write without being asked. Scenes that are joined bring a brief each.
        brief = max(self._layout.brief * scenes, self._least("brief", given))
        return _Sizes(self._layout.with_parts(brief=brief), self._settings.beats)

    def _least(self, section: str, given: NarratorInput) -> int:
        if section != "brief" or not given.brief:
            return 0
        return self._tokenizer.count(given.brief[0].strip())

    def _draft(
        self,
        place: RowPlace,
        window: Window,
        given: NarratorInput,
        plan: Sequence[str],
        sizes: _Sizes,
    ) -> _Draft:
        count = self._tokenizer.count
        prompt = assemble(given, sizes.layout, count)
        whole, thought = "".join(plan).strip(), fit(plan, sizes.plan, count, keep="start")
        used, trimmed = _section_tokens(prompt)
        used[PLAN] = count(thought)
        trimmed[PLAN] = count(whole) - used[PLAN]
        answer = Message(role="assistant", content=with_plan(thought, window.text.strip()))
        row = measured_row(place, (*prompt.messages, answer), self._tokenizer, self._think)
        return _Draft(row, used, trimmed)

    def _too_long(self, draft: _Draft) -> SkippedRow:
        row, most = draft.row, self._settings.max_row_tokens
        return SkippedRow(
            row_id=row.row_id,
            reason=f"Its text and template take {row.tokens} tokens with all context left out "
            f"({row.completion_tokens} of them the text); a row may have {most}.",
        )


def _section_tokens(prompt: AssembledPrompt) -> tuple[dict[str, int], dict[str, int]]:
    used = {s.name: s.tokens for s in prompt.sections}
    # The tail is an excerpt in any case: what it leaves out is nothing lost.
    trimmed = {s.name: 0 if s.name == "tail" else s.trimmed for s in prompt.sections}
    return used, trimmed


def _trims(first: _Draft, last: _Draft) -> list[Trim]:
    """What the sections' own budgets cost, and what the row's limit cost beyond that."""
    row_id = last.row.row_id
    found: list[Trim] = []
    for section in TRIM_ORDER:
        own = first.trimmed[section]
        beyond = first.used[section] - last.used[section]
        if own > 0:
            found.append(Trim(row_id=row_id, section=section, tokens=own, because="section"))
        if beyond > 0:
            found.append(Trim(row_id=row_id, section=section, tokens=beyond, because="row"))
    return found
