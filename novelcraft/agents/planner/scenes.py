"""Level three: the scene briefs of one chapter, for a new plan and for a replan alike."""

from __future__ import annotations

from typing import Any

from pydantic import create_model

from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.outline import HookIdea
from novelcraft.agents.planner.task import PlanTask
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.plan import Chapter, Character, SceneBrief
from novelcraft.tools.models.schemas import bounded, one_of, strict_list, tidy


class ChapterRequest(Frozen):
    """A chapter whose scenes are wanted, and what stands around it."""

    chapter: Chapter
    chapters: int
    before: str = ""
    after: str = ""
    scene_ids: tuple[str, ...]
    """Ids that the new briefs take, in order; their number is the number of scenes."""
    cast: tuple[Character, ...]
    places: tuple[str, ...]
    logline: str
    hooks: tuple[HookIdea, ...] = ()
    summary: str = ""
    """What has really been written so far; empty for a new plan."""


class ChapterScenes(Frozen):
    """The briefs of one chapter, without hooks and word targets, which code assigns."""

    briefs: tuple[SceneBrief, ...]
    mends: tuple[str, ...] = ()


async def plan_chapter_scenes(task: PlanTask, request: ChapterRequest) -> ChapterScenes:
    """Briefs for the scenes of one chapter.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    count = len(request.scene_ids)
    schema = _schema(task, request, count)
    answer = await task.caller.ask(
        "reasoning",
        "plan.scenes" if not request.summary else "plan.revise",
        f"{task.step}/{request.chapter.id}",
        load_template("plan_scenes").render(**_variables(task, request)),
        schema,
        max_tokens=task.preset.answer_tokens(count * _scene_chars(task)),
    )
    mender = Mender(task.caller.seed)
    briefs = _mend(answer.model_dump()["scenes"], request, mender)
    return ChapterScenes(briefs=briefs, mends=mender.notes)


def _scene_chars(task: PlanTask) -> int:
    return task.preset.field_chars * (3 + task.preset.beats) + 240


def _schema(task: PlanTask, request: ChapterRequest, count: int) -> Any:
    chars = task.preset.field_chars
    names = one_of(tuple(c.name for c in request.cast))
    most_present = min(3 if task.preset.name == "small" else len(request.cast), len(request.cast))
    scene = create_model(
        "SceneSketch",
        goal=(bounded(chars), ...),
        pov=(names, ...),
        place=(one_of(request.places), ...),
        time=(bounded(40), ...),
        present=(strict_list(names, 1, most_present), ...),
        beats=(strict_list(bounded(chars), task.preset.beats, task.preset.beats), ...),
        turn=(bounded(chars), ...),
        outcome=(bounded(chars), ...),
    )
    return create_model("ScenesAnswer", scenes=(strict_list(scene, count, count), ...))


def _variables(task: PlanTask, request: ChapterRequest) -> dict[str, Any]:
    number = request.chapter.number
    hooks = [f"plant: {h.text}" for h in request.hooks if h.plant_chapter == number]
    hooks += [f"pay off: {h.text}" for h in request.hooks if h.payoff_chapter == number]
    return {
        "core": {"logline": request.logline},
        "cast": [f"{c.name}: {c.role}; wants {c.want}" for c in request.cast],
        "places": request.places,
        "summary": request.summary,
        "before": request.before,
        "after": request.after,
        "number": number,
        "total": request.chapters,
        "chapter": request.chapter,
        "hooks": hooks,
        "count": len(request.scene_ids),
        "beats": task.preset.beats,
    }


def _mend(
    sketches: list[dict[str, Any]], request: ChapterRequest, mender: Mender
) -> tuple[SceneBrief, ...]:
    ids = {c.name: c.id for c in request.cast}
    words = max(1, request.chapter.target_words // len(sketches))
    goals: set[str] = set()
    briefs = []
    for n, (scene_id, sketch) in enumerate(zip(request.scene_ids, sketches, strict=True), 1):
        where = f"scene {scene_id}"
        goal = mender.text(f"the goal of {where}", sketch["goal"], request.chapter.summary)
        beats = mender.unique(f"the beats of {where}", sketch["beats"])
        if goal.casefold() in goals:
            mender.note(f"{where} had the goal of another scene and took its first beat")
            goal = beats[0] if beats else f"{request.chapter.title}, part {n}"
        goals.add(goal.casefold())
        present = dict.fromkeys([ids[sketch["pov"]], *(ids[p] for p in sketch["present"])])
        briefs.append(
            SceneBrief(
                id=scene_id,
                chapter=request.chapter.id,
                goal=goal,
                pov=ids[sketch["pov"]],
                place=sketch["place"],
                time=tidy(sketch["time"]) or "later",
                present=tuple(present),
                beats=tuple(beats) or (goal,),
                turn=mender.text(f"the turn of {where}", sketch["turn"], goal),
                outcome=mender.text(f"the outcome of {where}", sketch["outcome"], goal),
                target_words=words,
            )
        )
    return tuple(briefs)
