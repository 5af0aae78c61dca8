"""The attempts at a scene: how a draw is named, what its drafts came to, how much is asked for.

All of it follows from the chain and the drafts that are stored, so that a run that is resumed
comes to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from novelcraft.agents.planner.pacing import Written, asked_words, measured_pace, scene_length
from novelcraft.errors import CappedScenesError, ModelError, UnfitSceneError
from novelcraft.graphs.best import best_draft
from novelcraft.graphs.context import WriteContext
from novelcraft.prompts.narrator import AssembledPrompt, fit_tail
from novelcraft.state.calls import ONLY_THOUGHT
from novelcraft.state.findings import blocking
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import Draft, count_words
from novelcraft.state.plan import Plan
from novelcraft.state.steps import DrawStep
from novelcraft.tools.checks import unfit
from novelcraft.tools.metrics.draft_length import LengthRule
from novelcraft.tools.models.preflight import SPARE_TOKENS
from novelcraft.tools.models.prepared import prompt_tokens

PACE_SCENES = 12
"""Last scenes that are looked at for the narrator's pace; a person may have written some."""

LEAST_SCENE = 100
"""Words of the shortest scene that is worth planning for."""

_OF_LENGTH = {"prose.short", "prose.length"}
_ANSWER_CHARS = 100


def draw_step(state: WriteState) -> DrawStep:
    """Name of this draw of this scene: the same after a crash, another for another draw."""
    return DrawStep.of(state["branch"], state["head"], state["scene_id"], state.get("draw", 0))


def drafts_of(step: DrawStep, context: WriteContext) -> list[Draft]:
    """The drafts of a draw, in order."""
    drafts: list[Draft] = []
    while draft := context.store.draft(str(step.draft(len(drafts) + 1))):
        drafts.append(draft)
    return drafts


def next_draw(state: WriteState, context: WriteContext) -> int:
    """The first draw of the scene, from the state's on, that did not come to nothing.

    A draw came to nothing if all its attempts were made and none gave a scene. To go on with it
    would be to be given the same answers again.
    """
    draw = state.get("draw", 0)
    while _came_to_nothing(drafts_of(draw_step({**state, "draw": draw}), context), context):
        draw += 1
    return draw


def _came_to_nothing(drafts: Sequence[Draft], context: WriteContext) -> bool:
    if len(drafts) < context.write.attempts:
        return False
    return all(unfit(d.all_findings) for d in drafts)


def unfit_scene(
    state: WriteState, drafts: Sequence[Draft], context: WriteContext
) -> UnfitSceneError:
    """The error that says what came of each attempt at a scene, and what may help."""
    lines = []
    for draft in drafts:
        why = " ".join(f.message for f in unfit(draft.all_findings))
        said = " ".join(draft.prose.split())[:_ANSWER_CHARS]
        quoted = f" {said!r}" if said else ""
        lines.append(f"  attempt {draft.attempt}: {why or 'It failed its checks.'}{quoted}")
    best = best_draft(drafts, state["target_words"])
    place = f"scene {state['position'] + 1} ({state['scene_id']})"
    return UnfitSceneError(
        f"None of {len(drafts)} attempts at {place} gave a scene, and none was kept:\n"
        + "\n".join(lines),
        fix="The same command draws it again with other seeds. If that does not help, give the "
        f"role narrator another model than {best.provenance.model}"
        f"{_or_shorter(best)}{_or_thoughtless(best, context)}.",
    )


def _or_shorter(draft: Draft) -> str:
    words = count_words(draft.prose)
    if words < LEAST_SCENE or {f.check for f in unfit(draft.all_findings)} != {"prose.short"}:
        return ""
    return f", or set [write] scene_words to the {words} words that it wrote"


def _or_thoughtless(draft: Draft, context: WriteContext) -> str:
    endpoint = context.caller.models.endpoint("narrator")
    may_not = endpoint.thinks and endpoint.family.thinking == "optional"
    if not may_not or draft.provenance.finish_reason != ONLY_THOUGHT:
        return ""
    return ", or set [roles.narrator] think = false"


def stop_if_capped(state: WriteState, context: WriteContext) -> None:
    """Stop a run that keeps one scene after the other at the cap.

    Raises:
        CappedScenesError: There are as many in a row as the settings say.
    """
    most, capped = context.write.stop_after_capped, state.get("capped_in_row", 0)
    if not most or capped < most:
        return
    last = context.store.chain(state["head"])[-capped:]
    faults = [(c.position, " ".join(f.message for f in blocking(c.findings))) for c in last]
    lines = [f"  scene {position}: {fault}" for position, fault in faults]
    raise CappedScenesError(
        f"{capped} scenes in a row failed their checks in every attempt and were kept as they "
        "are:\n" + "\n".join(lines),
        fix="The same command goes on all the same. A more able model for the role narrator would "
        "help; [write] stop_after_capped = 0 never stops for this.",
    )


def usual_words(head: str | None, context: WriteContext, *, last_chapter: bool = False) -> int:
    """Usual length of the scenes to come: the preset's, or what this narrator comes to."""
    usual = context.preset.scene_words
    return scene_length(usual, _told(head, context), last_chapter=last_chapter)


def _told(head: str | None, context: WriteContext) -> list[Written]:
    return [Written(c.words, c.provenance.pace) for c in context.store.chain(head)[-PACE_SCENES:]]


def words_to_ask(state: WriteState, context: WriteContext) -> int:
    """Words to ask for, so that this narrator writes about as many as the scene should have.

    After a draft that failed for its length alone, by what that draft was.
    """
    pace = measured_pace(_told(state["head"], context))
    if state["attempt"] > 1:
        before = context.store.draft(str(draw_step(state).draft(state["attempt"] - 1)))
        if before and before.provenance.pace and _only_length(before):
            pace = before.provenance.pace
    return asked_words(state["target_words"], pace)


def _only_length(draft: Draft) -> bool:
    found = {f.check for f in blocking(draft.all_findings)}
    return bool(found) and found <= _OF_LENGTH


def token_room(
    state: WriteState, context: WriteContext, prompt: AssembledPrompt
) -> tuple[float, int]:
    """Tokens of a word of this book for the narrator's model, and those the scene may have.

    Those are no more than can be read afterwards; 0 where neither server tells its context. Where
    an estimate of the prompt leaves all that the scene may take, its tokens are not counted.
    """
    if state["head"]:
        sample = context.store.get(state["head"]).prose
    else:
        sample = plan_text(context.store.plan(state["plan_version"] or 1))
    tokens_per_word = context.count(sample) / max(1, count_words(sample))
    models = context.caller.models
    narrator, reader = (models.endpoint(r).learned.context for r in ("narrator", "cheap"))
    rooms = []
    if narrator:
        most = LengthRule.of(context.preset, state["target_words"]).tokens(tokens_per_word)
        rooms.append(narrator - prompt_tokens(prompt.messages, context.count, most, narrator))
    rooms += [reader - context.beside_scene] if reader else []
    return tokens_per_word, max(1, min(rooms)) if rooms else 0


def count_ahead(prose: str, context: WriteContext) -> None:
    """Have the tokens counted that the next scene's prompt needs of a draft: all of it and its end.

    The counter keeps them. What cannot be counted now is counted then.
    """
    with suppress(ModelError):
        context.count(prose)
        fit_tail(prose, context.preset.layout, context.count)


def prompt_bound(context: WriteContext) -> int | None:
    """Tokens that the narrator's prompt may have, where its server takes fewer than the layout.

    A server may tell its context only when it refuses a prompt. None where nothing is known, or
    all of the layout fits.
    """
    size, layout = context.caller.models.endpoint("narrator").learned.context, context.preset.layout
    if not size or size >= layout.total + SPARE_TOKENS:
        return None
    return max(0, size - SPARE_TOKENS - layout.scene)


def shorter_bound(prompt: AssembledPrompt, context: WriteContext) -> int:
    """Tokens that a prompt may have after its server refused it as too long."""
    told = prompt_bound(context)
    taken = sum(section.tokens for section in prompt.sections)
    return told if told is not None and told < taken else taken * 3 // 4


def plan_text(plan: Plan) -> str:
    """Prose of the plan in the book's language: what there is before the first scene."""
    briefs = [f"{s.goal} {s.turn} {s.outcome}" for s in plan.scenes[:20]]
    return "\n".join([plan.core.logline, plan.core.ending, *briefs])
