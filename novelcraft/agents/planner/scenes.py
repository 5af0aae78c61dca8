"""Level three: the scene briefs of one chapter, for a new plan and for a replan alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.outline import HookIdea
from novelcraft.agents.planner.parts import Item, ListQuestion
from novelcraft.agents.planner.scaffold import Move, Scaffold
from novelcraft.agents.planner.task import BookRequest, PlanTask
from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.calls import Message
from novelcraft.state.plan import Chapter, Character, SceneBrief
from novelcraft.tools.models.schemas import one_of, scene_sketch, tidy

MAX_LINE = 10_000
"""Longer than any line; a name that is not found counts as standing there."""


class ChapterRequest(Frozen):
    """A chapter whose scenes are wanted, and what stands around it."""

    chapter: Chapter
    chapters: int
    first_scene: int
    """Scenes of the book before this chapter."""
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


class ChapterInput(Frozen):
    """A book, and the chapter of it whose scenes are wanted."""

    book: BookRequest
    request: ChapterRequest


async def plan_chapter_scenes(given: ChapterInput, session: AgentSession) -> ChapterScenes:
    """Briefs for the scenes of one chapter.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    task, request = PlanTask(given.book, session), given.request
    scene = scene_sketch(task.preset, [c.name for c in request.cast], one_of(request.places))
    question = ListQuestion(
        "plan.revise" if request.summary else "plan.scenes",
        "ScenesAnswer",
        "scenes",
        scene,
        partial(_prompts, task, request),
    )
    sketches = await question.ask(session.part(request.chapter.id), len(request.scene_ids))
    mender = task.mender(request.logline, request.chapter.summary, request.before)
    briefs = tuple(
        _brief(n, sketch, request, task.scaffold, mender) for n, sketch in enumerate(sketches)
    )
    return ChapterScenes(briefs=briefs, mends=mender.notes)


def _prompts(
    task: PlanTask, request: ChapterRequest, earlier: Sequence[Item], count: int
) -> Iterator[tuple[Message, ...]]:
    number = request.chapter.number
    hooks = [f"plant: {h.text}" for h in request.hooks if h.plant_chapter == number]
    hooks += [f"pay off: {h.text}" for h in request.hooks if h.payoff_chapter == number]
    yield load_template("plan_scenes").render(
        wish=task.book.wish,
        core={"logline": request.logline},
        cast=[f"{c.name}: {c.role}; wants {c.want}" for c in request.cast],
        places=request.places,
        summary=request.summary,
        before=request.before,
        after=request.after,
        number=number,
        total=request.chapters,
        chapter=request.chapter,
        hooks=hooks,
        earlier=[f"{s['goal']} {s['outcome']}" for s in earlier],
        count=count,
        scenes=len(request.scene_ids),
        beats=task.preset.beats,
    )


def _brief(
    n: int, sketch: dict[str, Any], request: ChapterRequest, scaffold: Scaffold, mender: Mender
) -> SceneBrief:
    """The brief of scene `n`, counted from 0. Its parts are mended together or not at all.

    A goal of no use takes the whole move of the scaffold, its people included, because an
    outcome that belongs to another goal would be nonsense.
    """
    scene_id = request.scene_ids[n]
    ids = {c.name: c.id for c in request.cast}
    goal = tidy(sketch["goal"])
    kept = mender.is_useful(goal)
    move = _move(n, request, scaffold)
    if kept:
        mender.text(f"the goal of {scene_id}", goal, goal)
        pov, people, place = sketch["pov"], sketch["present"], sketch["place"]
        turn = mender.text(f"the turn of {scene_id}", sketch.get("turn", ""), move.turn)
        outcome = mender.text(f"the outcome of {scene_id}", sketch["outcome"], move.outcome)
    else:
        mender.note(f"scene {scene_id} follows the scaffold; its goal was {goal[:60]!r}")
        goal, turn, outcome = move.goal, move.turn, move.outcome
        people = [name for name in ids if name in " ".join((goal, turn, outcome))]
        pov = min(people, key=lambda name: goal.find(name) % MAX_LINE, default=sketch["pov"])
        place = request.places[(request.first_scene + n) % len(request.places)]
    beats = mender.unique(f"the beats of {scene_id}", sketch.get("beats", ()))
    return SceneBrief(
        id=scene_id,
        chapter=request.chapter.id,
        goal=goal,
        pov=ids[pov],
        place=place,
        time=mender.time(sketch.get("time", ""), request.first_scene + n),
        present=tuple(dict.fromkeys([ids[pov], *(ids[p] for p in people)])),
        beats=tuple(beats),
        turn=turn,
        outcome=outcome,
        target_words=max(1, request.chapter.target_words // len(request.scene_ids)),
    )


def _move(n: int, request: ChapterRequest, scaffold: Scaffold) -> Move:
    """The scaffold's move for scene `n`, with the names of the cast in it."""
    chapter, chapters = request.chapter.number, request.chapters
    move = scaffold.move(n + 1, len(request.scene_ids), chapter, chapters)
    names = [c.name for c in request.cast]
    turn = scaffold.turn(chapter, chapters)
    return Move(**{part: scaffold.fill(line, names, turn) for part, line in move})
