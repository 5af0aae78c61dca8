"""Level one: story core, world, cast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field, create_model

from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.parts import Item, ListQuestion
from novelcraft.agents.planner.scaffold import Member
from novelcraft.agents.planner.task import BookRequest, PlanTask
from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.calls import Message
from novelcraft.state.plan import Character, StoryCore, World
from novelcraft.tools.models.schemas import bounded, name_field, strict_list


class Story(Frozen):
    """The answer of level one."""

    core: StoryCore
    world: World
    cast: tuple[Character, ...] = Field(min_length=1)
    mends: tuple[str, ...] = ()


async def plan_story(given: BookRequest, session: AgentSession) -> Story:
    """Story core, then the world for it, then the cast for both.

    Raises:
        InvalidAnswerError: If the model cannot keep to a schema.
    """
    task = PlanTask(given, session)
    mender = task.mender()
    core = await _core(task, mender)
    world = await _world(task, core, mender)
    cast = await _cast(task, core, world, mender)
    return Story(core=core, world=world, cast=cast, mends=mender.notes)


async def _core(task: PlanTask, mender: Mender) -> StoryCore:
    chars = task.preset.field_chars
    schema = create_model(
        "StoryCoreAnswer",
        title=(bounded(50), ...),
        logline=(bounded(2 * chars), ...),
        themes=(strict_list(bounded(30), 2, 3), ...),
        tone=(bounded(60), ...),
        style=(bounded(chars), ...),
        ending=(bounded(2 * chars), ...),
    )
    answer = await _ask(task, "core", schema, premise=task.book.premise, style=task.book.style)
    fields = answer.model_dump()
    shape, words = task.scaffold.shape, task.scaffold.words
    ending = task.scaffold.fill(shape.ending, (words.name or words.who,))
    return StoryCore(
        title=task.book.title or mender.title(fields["title"], task.book.premise),
        logline=mender.text("the logline", fields["logline"], task.book.premise),
        themes=tuple(mender.unique("themes", fields["themes"])),
        tone=mender.text("the tone", fields["tone"], shape.tone, min_words=1),
        style=task.book.style
        or mender.text("the style", fields["style"], shape.style, min_words=2),
        ending=mender.text("the ending", fields["ending"], ending),
    )


async def _world(task: PlanTask, core: StoryCore, mender: Mender) -> World:
    chars = task.preset.field_chars
    places = task.preset.cast_size
    schema = create_model(
        "WorldAnswer",
        text=(bounded(4 * chars), ...),
        places=(strict_list(bounded(40), places, places), ...),
    )
    answer = await _ask(task, "world", schema, premise=task.book.premise, core=core)
    fields = answer.model_dump()
    return World(
        text=mender.text("the world", fields["text"], task.book.premise),
        places=mender.places(fields["places"], task.scaffold.places),
    )


async def _cast(
    task: PlanTask, core: StoryCore, world: World, mender: Mender
) -> tuple[Character, ...]:
    chars = task.preset.field_chars
    member = create_model(
        "CastMember",
        name=(name_field(), ...),
        role=(bounded(50), ...),
        want=(bounded(chars), ...),
        flaw=(bounded(chars), ...),
        voice=(bounded(chars), ...),
        knows=(bounded(chars), ...),
    )

    def prompts(earlier: Sequence[Item], count: int) -> Iterator[tuple[Message, ...]]:
        yield _prompt(
            task,
            "cast",
            premise=task.book.premise,
            core=core,
            world=world,
            earlier=[f"{m['name']}: {m['role']}; wants {m['want']}" for m in earlier],
            count=count,
        )

    question = ListQuestion("plan.cast", "CastAnswer", "cast", member, prompts)
    members = await question.ask(task.session.part("cast"), task.preset.cast_size)
    hero = task.scaffold.words.name if task.preset.scaffold else ""
    names = mender.names([m["name"] for m in members], first=hero)
    return tuple(
        _character(n + 1, name, member, task.scaffold.member(n, names), mender)
        for n, (name, member) in enumerate(zip(names, members, strict=True))
    )


def _character(
    number: int, name: str, member: dict[str, str], spare: Member, mender: Mender
) -> Character:
    return Character(
        id=f"c{number}",
        name=name,
        role=mender.role(name, member["role"], spare.role),
        want=mender.text(f"what {name} wants", member["want"], spare.want, min_words=3),
        flaw=mender.text(f"the flaw of {name}", member["flaw"], spare.flaw, min_words=2),
        voice=mender.text(f"the voice of {name}", member["voice"], spare.voice, min_words=2),
        knows=mender.text(f"what {name} knows", member["knows"], spare.knows),
    )


async def _ask(
    task: PlanTask, part: str, schema: type[BaseModel], **variables: object
) -> BaseModel:
    messages = _prompt(task, part, **variables)
    return await task.session.part(part).ask("reasoning", f"plan.{part}", messages, schema)


def _prompt(task: PlanTask, part: str, **variables: object) -> tuple[Message, ...]:
    return load_template(f"plan_{part}").render(wish=task.book.wish, **variables)
