"""What a run will ask of its models at most, found out by its own agents before they ask."""

from __future__ import annotations

from dataclasses import replace

from novelcraft.agents.archivist import FactsInput, extract_facts
from novelcraft.agents.continuity import ContinuityInput, check_continuity
from novelcraft.agents.planner import (
    BookRequest,
    ChapterInput,
    Outline,
    OutlineInput,
    PlanTask,
    Story,
    plan_chapter_scenes,
    plan_outline,
    plan_story,
)
from novelcraft.agents.planner.compose import chapter_requests
from novelcraft.agents.planner.pacing import MOST_SHARE
from novelcraft.agents.session import AgentSession
from novelcraft.agents.summarizer import SummaryInput, summarize
from novelcraft.config.presets import SizePreset
from novelcraft.config.settings import NovelSettings
from novelcraft.graphs.nodes.chapter import hook_ideas
from novelcraft.state.authored import Authored
from novelcraft.state.layout import TOKENS_PER_WORD
from novelcraft.state.plan import Plan
from novelcraft.tools.metrics.draft_length import LengthRule
from novelcraft.tools.models.chat import ChatModels
from novelcraft.tools.models.preflight import SPARE_TOKENS, Need, Rehearsal
from novelcraft.tools.models.schemas import FILLER
from novelcraft.tools.models.tokens import BYTES_PER_TOKEN


async def longest_calls(
    novel: NovelSettings,
    preset: SizePreset,
    chat: ChatModels,
    plan: Plan | None,
    authored: Authored,
) -> list[Need]:
    """The longest call of each kind that a run will make, for as little room as it can do with.

    Args:
        novel: What is to be planned and written.
        preset: With the layout that the narrator is asked in.
        chat: The models, none of which is asked anything.
        plan: What is planned already.
        authored: What the author has of the plan.
    """
    if plan is not None:
        novel = novel.model_copy(update={"premise": plan.premise})
    book = BookRequest.of(novel, authored=authored)
    letters = "".join(filter(str.isalpha, book.premise))[: len(FILLER)].ljust(len(FILLER), "x")
    tight, roomy = (Rehearsal(chat, novel.seed, tight, letters) for tight in (True, False))
    # With the scaffold, what looks like no answer is replaced by something shorter.
    loose = replace(preset, scaffold=False)
    for rehearsal in (tight, roomy):
        session = AgentSession(rehearsal, loose, "rehearsal")
        await _plan(book, session, plan)
        await _read(session)
    longest = {need.purpose: need for need in sorted(tight.needs, key=lambda need: need.total)}
    bounds: dict[str, int] = {}
    for need in roomy.needs:
        bounds[need.purpose] = max(bounds.get(need.purpose, 0), need.bound)
    needs = [need._replace(bound=bounds[purpose]) for purpose, need in longest.items()]
    return [narrator_call(preset), *needs]


def narrator_call(preset: SizePreset) -> Need:
    """The narrator's call that takes most of its context."""
    usual = LengthRule.of(preset, preset.scene_words)
    longest = LengthRule.of(preset, round(preset.scene_words * MOST_SHARE))
    return Need(
        "narrator",
        "scene.narrate",
        preset.layout.prompt + SPARE_TOKENS,
        preset.layout.scene,
        cut=round(usual.low * TOKENS_PER_WORD),
        bound=longest.tokens(TOKENS_PER_WORD),
    )


async def _plan(book: BookRequest, session: AgentSession, plan: Plan | None) -> None:
    if plan is None:
        story = await plan_story(book, session)
        outline = await plan_outline(OutlineInput(book=book, story=story), session)
    else:
        story = Story(core=plan.core, world=plan.world, cast=plan.cast)
        outline = Outline(chapters=plan.chapters, hooks=hook_ideas(plan))
    requests = chapter_requests(PlanTask(book, session), story, outline)
    request = max(requests, key=lambda request: len(request.model_dump_json()))
    for summary in ("", _text(session.preset.layout.summary)):
        revised = request.model_copy(update={"summary": summary})
        await plan_chapter_scenes(ChapterInput(book=book, request=revised), session)


async def _read(session: AgentSession) -> None:
    """What is asked about a scene once it is written."""
    scene, summary = _text(session.preset.layout.scene), _text(session.preset.layout.summary)
    await summarize(SummaryInput(prose=scene, summary=summary), session)
    facts = await extract_facts(FactsInput(prose=scene), session)
    known = tuple(f"{fact.subject}: {fact.statement}" for fact in facts.facts)
    await check_continuity(ContinuityInput(prose=scene, known=known), session)


def _text(tokens: int) -> str:
    """A text of so many tokens, as they are estimated."""
    return f"{FILLER} " * int(tokens * BYTES_PER_TOKEN / (len(FILLER) + 1))
