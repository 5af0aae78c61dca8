"""Tools that ask a model and that a novel can fill: narrate, continuity, summaries, answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from novelcraft.agents.answerer import AnswerOutput, QuestionInput, Sentence, answer_question
from novelcraft.agents.continuity import ContinuityInput, ContinuityOutput, check_continuity
from novelcraft.agents.narrator import NarrationInput, narrate
from novelcraft.agents.summarizer import SummaryInput, SummaryOutput, summarize
from novelcraft.agents.world_builder import WorldInput, build_world
from novelcraft.doors.desk import BookView, Desk
from novelcraft.doors.places import AfterScene, BeforeScene
from novelcraft.errors import InputError, UnfitSceneError
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.fit import fit, sentences
from novelcraft.prompts.narrator import NarratorInput, assemble
from novelcraft.state.base import Frozen
from novelcraft.state.books import BookWorld
from novelcraft.state.layout import BriefForm
from novelcraft.state.manuscript import count_words
from novelcraft.tools.canon.search import ProseSearch

SENTENCES = 24
"""Sentences that an answer may rest on."""
FACTS = 12
PORTION_CHARS = 24_000
"""Characters of a text that is read at once."""


class NarrateInput(BeforeScene):
    """A scene to write."""

    brief: tuple[str, ...] = ()
    """What happens, a line each, the indispensable first; empty takes the plan's brief."""
    words: int = Field(default=0, ge=0)
    """About how many it should have; 0 takes the plan's, or the preset's."""
    world: str = ""
    summary: str = ""
    notes: tuple[str, ...] = ()
    """Facts to keep true."""
    tail: str = ""
    """The end of the scene before."""
    cautions: tuple[str, ...] = ()
    """What this scene must heed."""


class NarrateOutput(Frozen):
    """A scene as the narrator wrote it, unchecked."""

    prose: str
    words: int
    finish_reason: str
    model: str
    adapter: str


async def _narrate(given: NarrateInput, desk: Desk) -> NarrateOutput:
    view = desk.view(given.novel, given.branch, before=given.scene)
    session = await desk.session("tool/narrate", given.novel)
    words = given.words or (view and view.coming and view.coming.target_words) or 0
    words = words or session.preset.scene_words
    brief = given.brief or _brief_of(view, words, session.preset.layout.form)
    narrator = NarratorInput(
        world=given.world or (view.world if view else ""),
        summary=given.summary or (view.summary if view else ""),
        notes=given.notes or tuple(view.facts(" ".join(brief))[-FACTS:] if view else ()),
        tail=given.tail or (view.tail if view else ""),
        brief=brief,
        constraints=given.cautions,
    )
    prompt = assemble(narrator, session.preset.layout, session.count)
    narration = await narrate(
        NarrationInput(prompt=prompt, target_words=words, asked_words=words), session
    )
    made = narration.provenance
    if not narration.prose:
        raise UnfitSceneError(
            f"{made.model} gave no words for the scene ({made.finish_reason}).",
            fix="Ask again with another seed, or give the role narrator another model.",
        )
    return NarrateOutput(
        prose=narration.prose,
        words=count_words(narration.prose),
        finish_reason=made.finish_reason,
        model=made.model,
        adapter=made.adapter,
    )


def _brief_of(view: BookView | None, words: int, form: BriefForm) -> tuple[str, ...]:
    if view is None:
        raise InputError("There is no brief.", fix='Give one as "brief", or a novel.')
    if view.coming is None:
        raise InputError("The plan has no scene after that one.", fix='Give a "brief" of your own.')
    return tuple(render_brief(named(view.coming, view.plan), words, form))


class CheckContinuityInput(BeforeScene):
    """A text, and what was true before it."""

    prose: str = Field(min_length=1)
    known: tuple[str, ...] = ()
    """What was true before, a sentence each; empty takes the novel's facts about those named."""


async def _check_continuity(given: CheckContinuityInput, desk: Desk) -> ContinuityOutput:
    view = desk.view(given.novel, given.branch, before=given.scene)
    known = given.known or tuple(view.facts(given.prose)[-FACTS:] if view else ())
    session = await desk.session("tool/check_continuity", given.novel)
    return await check_continuity(ContinuityInput(prose=given.prose, known=known), session)


class SummarizeInput(BeforeScene):
    """A scene, and the story before it."""

    prose: str = Field(min_length=1)
    summary: str = ""
    """The story so far; empty takes the novel's."""
    names: tuple[str, ...] = ()
    """Names that must stay in it."""


async def _summarize(given: SummarizeInput, desk: Desk) -> SummaryOutput:
    view = desk.view(given.novel, given.branch, before=given.scene)
    names = given.names
    if view and not names:
        names = tuple(c.name for c in view.plan.cast if c.name.split()[0] in given.prose)
    summary = given.summary or (view.summary if view else "")
    session = await desk.session("tool/summarize", given.novel)
    return await summarize(SummaryInput(prose=given.prose, summary=summary, names=names), session)


class BuildWorldInput(Frozen):
    """A book whose world is wanted."""

    title: str
    text: str = Field(min_length=1)
    """The whole of it; it is read in parts."""


async def _build_world(given: BuildWorldInput, desk: Desk) -> BookWorld:
    parts: list[str] = []
    rest = sentences(given.text)
    while rest:
        part = fit(rest, PORTION_CHARS, len, keep="start") or rest[0]
        parts.append(part)
        taken = 0
        while rest and taken < len(part):
            taken += len(rest.pop(0))
    session = await desk.session("tool/build_world")
    return await build_world(WorldInput(title=given.title, parts=tuple(parts)), session)


class AskInput(AfterScene):
    """A question about a novel, or about a text."""

    question: str = Field(min_length=1)
    text: str = ""
    """The text to ask, where it is no novel of ours."""


async def _ask(given: AskInput, desk: Desk) -> AnswerOutput:
    if given.text:
        found = tuple(Sentence(scene=1, text=s.strip()) for s in sentences(given.text)[:200])
        facts: tuple[str, ...] = ()
    else:
        view = desk.require_view(given.novel, given.branch, after=given.after)
        found = tuple(_sentences(view, given.question))
        facts = tuple(view.facts(given.question)[-FACTS:])
    session = await desk.session("tool/ask", given.novel)
    return await answer_question(
        QuestionInput(question=given.question, sentences=found, facts=facts), session
    )


def _sentences(view: BookView, question: str) -> list[Sentence]:
    search = ProseSearch(view.chain)
    best = search.find(question, SENTENCES // 2)
    around = search.around(best)
    search.close()
    return [Sentence(scene=s.position, text=s.text) for s in around[:SENTENCES]]


ROWS: tuple[tuple[str, str, type[BaseModel], type[BaseModel], Any], ...] = (
    (
        "narrate",
        "Writes a scene: of a novel's plan, or from the brief, world and summary that are given.",
        NarrateInput,
        NarrateOutput,
        _narrate,
    ),
    (
        "check_continuity",
        "Finds contradictions between a text and what was true before it, with quotes.",
        CheckContinuityInput,
        ContinuityOutput,
        _check_continuity,
    ),
    (
        "summarize",
        "Rolls the story so far on by a scene.",
        SummarizeInput,
        SummaryOutput,
        _summarize,
    ),
    (
        "build_world",
        "Reads the world and the people of a book out of its text.",
        BuildWorldInput,
        BookWorld,
        _build_world,
    ),
    (
        "ask",
        "Answers a question about a novel from its own sentences, or says that it does not say.",
        AskInput,
        AnswerOutput,
        _ask,
    ),
)
"""Rows of the catalogue: name, description, input, output and what runs."""
