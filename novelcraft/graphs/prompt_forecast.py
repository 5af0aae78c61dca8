"""What the prompts of the scenes to come will take, by part, before they are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from novelcraft.config.presets import SizePreset
from novelcraft.errors import ModelError, UnknownTargetError
from novelcraft.graphs.doctor import known_preset
from novelcraft.graphs.exporting import MAIN
from novelcraft.graphs.history import Story, history_notice, in_short, story_of, with_history
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.part_summaries import is_long
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.fit import TokenCounter as Count
from novelcraft.prompts.narrator import NarratorInput, assemble, tail_of
from novelcraft.prompts.world import render_world
from novelcraft.state.layout import PARTS, TOKENS_PER_WORD, LayoutNote
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.metrics.draft_length import LengthRule
from novelcraft.tools.models.embedded.engine import EngineSpec
from novelcraft.tools.models.embedded.library import ModelLibrary
from novelcraft.tools.models.endpoint import Endpoint, connect
from novelcraft.tools.models.opening import server_of
from novelcraft.tools.models.patience import Patience
from novelcraft.tools.models.preflight import SPARE_TOKENS
from novelcraft.tools.models.tokens import TokenCounter, estimate_tokens
from novelcraft.tools.text import quoted

TO_COME = ("summary", "tail", "canon")
"""Parts that follow from what is written before a scene."""


@dataclass(frozen=True)
class PartForecast:
    """A part of a prompt."""

    tokens: int
    budget: int
    exact: bool
    """Whether it is known by now; else the tokens are its budget, which it may have at most."""
    trimmed: int = 0
    """Tokens that did not fit the budget."""


@dataclass(frozen=True)
class PromptForecast:
    """The prompt of a scene to come."""

    position: int
    """Its place in the book, counted from 1."""
    scene_id: str
    parts: Mapping[str, PartForecast]
    scene: int
    """Tokens that the scene itself may take."""

    @property
    def total(self) -> int:
        """Tokens of prompt, template and scene together, at most."""
        return sum(part.tokens for part in self.parts.values()) + SPARE_TOKENS + self.scene


@dataclass(frozen=True)
class Forecast:
    """The prompts of the scenes to come."""

    prompts: tuple[PromptForecast, ...]
    layout: LayoutNote
    model: str
    context: int
    """Tokens that the narrator is served with; 0 where that is not known."""
    counted: bool
    """Whether the narrator's own tokenizer counted; else they are estimated on the safe side."""
    notice: str = ""
    """Why they were not counted, where that is a fault."""
    history: tuple[str, ...] = ()
    """What of the story so far they hold beside the layout's summary, in sentences."""


async def forecast_prompts(
    novel: Novel,
    branch: str = MAIN,
    *,
    environ: Mapping[str, str] = os.environ,
    library: ModelLibrary | None = None,
) -> Forecast:
    """Lay out the prompts of all scenes that a branch has yet to write. Asks no model anything.

    Raises:
        UnknownTargetError: The branch has no plan.
        BudgetError, ConfigError: The settings contradict each other, or the adapter's layout.
    """
    found = novel.store.branch(branch)
    if found.plan_version is None:
        raise UnknownTargetError(
            f"Branch {branch!r} has no plan yet.",
            fix=f"Make one: novelcraft write {quoted(novel.folder)} --until plan",
        )
    library = library or ModelLibrary()
    endpoint, notice = await _narrator(novel, environ)
    context = endpoint.context if endpoint else _embedded_context(novel, library)
    laid_out, known = known_preset(novel.settings, endpoint, library)
    preset = with_history(laid_out, novel.settings, context, known)
    counter = TokenCounter(endpoint) if endpoint else None
    plan, chain = novel.store.plan(found.plan_version), novel.store.chain(found.head)
    briefs = plan.scenes[len(chain) :]
    long = is_long(novel.settings.novel)
    count = counter or estimate_tokens
    try:
        stories = _stories(novel, plan, chain, preset, count) if briefs else []
        prompts = [
            _prompt(plan, brief, chain if i == 0 else None, story, preset, count, long=long)
            for i, (brief, story) in enumerate(zip(briefs, stories, strict=True))
        ]
    finally:
        if counter is not None:
            counter.close()
    return Forecast(
        prompts=tuple(prompts),
        layout=preset.layout.note,
        model=endpoint.model if endpoint else novel.settings.roles.narrator.name,
        context=context,
        counted=bool(counter and counter.exact),
        notice=notice,
        history=tuple(history_notice(novel.settings.write, preset, context)),
    )


async def _narrator(novel: Novel, environ: Mapping[str, str]) -> tuple[Endpoint | None, str]:
    """Where the narrator's calls go, if that is a server that answers; else why it does not."""
    given = novel.settings.roles.narrator
    server = server_of(given, environ)
    if server is None:
        return None, ""
    patience = Patience("narrator", 0.0, lambda _: None, server.secrets)
    try:
        return await connect("narrator", given, server, given.name, patience), ""
    except ModelError as error:
        return None, error.message


def _embedded_context(novel: Novel, library: ModelLibrary) -> int:
    given = novel.settings.roles.narrator
    there = {model.name: model for model in library.installed()}
    model = there.get(given.name) or library.best_installed()
    if given.provider != "embedded" or model is None:
        return given.context
    return EngineSpec.of(model.name, model.path, given.context).context


def _stories(
    novel: Novel, plan: Plan, chain: list[SceneCommit], preset: SizePreset, count: Count
) -> list[Story]:
    """The story so far for each scene to come; for all but the first as it is told now."""
    first, *others = plan.scenes[len(chain) :]
    told = in_short(novel.settings.novel, novel.store, chain, plan, first.id)
    return [story_of(told, chain, preset, count), *[told(len(chain))] * len(others)]


def _open_parts(brief: SceneBrief, chain: list[SceneCommit], *, long: bool) -> tuple[str, ...]:
    """Parts of the next scene's prompt that are not known yet.

    A chapter of a long book is told when the scene after it begins.
    """
    if not chain:
        return ()
    begins = chain[-1].chapter_id != brief.chapter
    return ("summary", "canon") if long and begins else ("canon",)


def _prompt(
    plan: Plan,
    brief: SceneBrief,
    chain: list[SceneCommit] | None,
    story: Story,
    preset: SizePreset,
    count: Count,
    *,
    long: bool,
) -> PromptForecast:
    """Lay out one prompt; with the chain for the scene that comes next, of which more is known."""
    before = chain[-1] if chain else None
    scene = named(brief, plan)
    words = plan.target_words // len(plan.scenes)
    layout = preset.layout
    made = assemble(
        NarratorInput(
            world=render_world(plan),
            summary=story.summary,
            past=story.past,
            recent=story.recent,
            notes=(),
            tail=tail_of(before.prose) if before else "",
            brief=tuple(render_brief(scene, words, layout.form)),
            present=(scene.pov, *scene.others),
        ),
        layout,
        count,
    )
    open_parts = TO_COME if chain is None else _open_parts(brief, chain, long=long)
    parts = {
        section.name: (
            PartForecast(section.budget, section.budget, exact=False)
            if section.name in open_parts
            else PartForecast(section.tokens, section.budget, exact=True, trimmed=section.trimmed)
        )
        for section in made.sections
        if section.name in PARTS
    }
    most = LengthRule.of(preset, words).tokens(TOKENS_PER_WORD)
    return PromptForecast(plan.scenes.index(brief) + 1, brief.id, parts, most)
