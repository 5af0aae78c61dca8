"""Level three: the scene briefs of one chapter, for a new plan and for a replan alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from novelcraft.agents.planner.authored import Showing, named_in, pinned_goals, spare_goals
from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.outline import HookIdea
from novelcraft.agents.planner.parts import Item, ListQuestion
from novelcraft.agents.planner.scaffold import Move, Scaffold
from novelcraft.agents.planner.task import BookRequest, PlanTask
from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.authored import Authored, AuthoredChapter, AuthoredPerson
from novelcraft.state.base import Frozen
from novelcraft.state.calls import Message
from novelcraft.state.plan import Chapter, Character, SceneBrief
from novelcraft.tools.models.schemas import one_of, scene_sketch, tidy

MAX_LINE = 10_000
"""Longer than any line; a name that is not found counts as standing there."""


class ChapterRequest(Frozen):
    """A chapter whose scenes are wanted, and what stands around it."""

    chapter: Chapter
    authored: AuthoredChapter | None = None
    """What the author has of it, None where the outline is the planner's."""
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
    unshown: tuple[str, ...] = ()
    """What of the author's words a prompt had no room for."""


class ChapterInput(Frozen):
    """A book, and the chapter of it whose scenes are wanted."""

    book: BookRequest
    request: ChapterRequest


async def plan_chapter_scenes(given: ChapterInput, session: AgentSession) -> ChapterScenes:
    """Briefs for the scenes of one chapter. A scene that the author named has it as its goal.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    task, request = PlanTask(given.book, session), given.request
    showing = Showing(_authored(request), f"the scenes of chapter {request.chapter.number}")
    scene = scene_sketch(task.preset, [c.name for c in request.cast], one_of(request.places))
    question = ListQuestion(
        "plan.revise" if request.summary else "plan.scenes",
        "ScenesAnswer",
        "scenes",
        scene,
        partial(_prompts, task, request, showing),
    )
    sketches = await question.ask(session.part(request.chapter.id), len(request.scene_ids))
    mender = task.mender(request.logline, request.chapter.summary, request.before)
    briefs = tuple(
        _brief(n, sketch, request, task.scaffold, mender) for n, sketch in enumerate(sketches)
    )
    return ChapterScenes(briefs=briefs, mends=mender.notes, unshown=showing.notes)


def _authored(request: ChapterRequest) -> Authored:
    """What of the author's words a prompt for scenes shows."""
    people = [AuthoredPerson(name=c.name, text=c.about) for c in request.cast if c.about]
    chapters = (request.authored,) if request.authored else ()
    return Authored(people=tuple(people), chapters=chapters)


def _prompts(
    task: PlanTask,
    request: ChapterRequest,
    showing: Showing,
    earlier: Sequence[Item],
    count: int,
) -> Iterator[tuple[Message, ...]]:
    number = request.chapter.number
    hooks = [f"plant: {h.text}" for h in request.hooks if h.plant_chapter == number]
    hooks += [f"pay off: {h.text}" for h in request.hooks if h.payoff_chapter == number]
    pinned = pinned_goals(request.authored, len(request.scene_ids))
    for _ in showing.cuts():
        yield load_template("plan_scenes").render(
            wish=task.book.wish,
            core={"logline": request.logline},
            cast=showing.cast(request.cast),
            places=request.places,
            summary=request.summary,
            before=showing.chapter(number - 1, request.before),
            after=showing.chapter(number + 1, request.after),
            number=number,
            total=request.chapters,
            chapter=request.chapter.model_copy(
                update={"summary": showing.chapter(number, request.chapter.summary)}
            ),
            hooks=hooks,
            settled=[
                f"scene {n + 1}: {showing.chapter(number, goal)}" for n, goal in pinned.items()
            ],
            earlier=[f"{s['goal']} {s['outcome']}" for s in earlier],
            count=count,
            scenes=len(request.scene_ids),
            beats=task.preset.beats,
        )


class _Events(NamedTuple):
    """What happens in a scene, and with whom."""

    goal: str
    turn: str
    outcome: str
    pov: str
    people: Sequence[str]
    place: str


def _brief(
    n: int, sketch: dict[str, Any], request: ChapterRequest, scaffold: Scaffold, mender: Mender
) -> SceneBrief:
    """The brief of scene `n`, counted from 0. Its parts are mended together or not at all."""
    scene_id = request.scene_ids[n]
    ids = {c.name: c.id for c in request.cast}
    scenes = len(request.scene_ids)
    goal = tidy(sketch["goal"])
    if pinned := pinned_goals(request.authored, scenes).get(n):
        turn, outcome = (mender.optional(sketch.get(part, "")) for part in ("turn", "outcome"))
        events = _named(sketch, pinned, turn, outcome, request)
    elif mender.is_useful(goal):
        events = _as_answered(sketch, scene_id, _move(n, request, scaffold), mender)
    elif spare := spare_goals(request.authored, scenes).get(n):
        mender.note(f"scene {scene_id} follows the outline; its goal was {goal[:60]!r}")
        events = _named({**sketch, "pov": request.cast[0].name}, spare, "", "", request)
    else:
        mender.note(f"scene {scene_id} follows the scaffold; its goal was {goal[:60]!r}")
        events = _by_scaffold(n, sketch, request, scaffold)
    beats = mender.unique(f"the beats of {scene_id}", sketch.get("beats", ()))
    present = [ids[events.pov], *(ids[name] for name in events.people)]
    return SceneBrief(
        id=scene_id,
        chapter=request.chapter.id,
        goal=events.goal,
        pov=ids[events.pov],
        place=events.place,
        time=mender.time(sketch.get("time", ""), request.first_scene + n),
        present=tuple(dict.fromkeys(present)),
        beats=tuple(beats),
        turn=events.turn,
        outcome=events.outcome,
        target_words=max(1, request.chapter.target_words // scenes),
    )


def _as_answered(sketch: dict[str, Any], scene_id: str, move: Move, mender: Mender) -> _Events:
    """A scene as the model has it, with the scaffold's turn and outcome for those of no use."""
    goal = tidy(sketch["goal"])
    mender.text(f"the goal of {scene_id}", goal, goal)
    turn = mender.text(f"the turn of {scene_id}", sketch.get("turn", ""), move.turn)
    outcome = mender.text(f"the outcome of {scene_id}", sketch["outcome"], move.outcome)
    return _Events(goal, turn, outcome, sketch["pov"], sketch["present"], sketch["place"])


def _named(
    sketch: dict[str, Any], goal: str, turn: str, outcome: str, request: ChapterRequest
) -> _Events:
    """A scene in the author's words: whom and what place they name goes before the model's."""
    named = named_in(goal, request.cast)
    pov = sketch["pov"] if sketch["pov"] in named or not named else named[0]
    places = [place for place in request.places if place.casefold() in goal.casefold()]
    place = next(iter(places), sketch["place"])
    return _Events(goal, turn, outcome, pov, [*named, *sketch["present"]], place)


def _by_scaffold(
    n: int, sketch: dict[str, Any], request: ChapterRequest, scaffold: Scaffold
) -> _Events:
    """The whole move of the scaffold with its people, as another goal's outcome is nonsense."""
    move = _move(n, request, scaffold)
    told = " ".join((move.goal, move.turn, move.outcome))
    people = [c.name for c in request.cast if c.name in told]
    pov = min(people, key=lambda name: move.goal.find(name) % MAX_LINE, default=sketch["pov"])
    place = request.places[(request.first_scene + n) % len(request.places)]
    return _Events(move.goal, move.turn, move.outcome, pov, people, place)


def _move(n: int, request: ChapterRequest, scaffold: Scaffold) -> Move:
    """The scaffold's move for scene `n`, with the names of the cast in it."""
    chapter, chapters = request.chapter.number, request.chapters
    move = scaffold.move(n + 1, len(request.scene_ids), chapter, chapters)
    names = [c.name for c in request.cast]
    turn = scaffold.turn(chapter, chapters)
    return Move(**{part: scaffold.fill(line, names, turn) for part, line in move})
