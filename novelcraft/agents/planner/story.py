"""Level one: story core, world, cast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, Field

from novelcraft.agents.planner.authored import Showing
from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.parts import Item, ListQuestion
from novelcraft.agents.planner.scaffold import Member
from novelcraft.agents.planner.task import BookRequest, PlanTask
from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.authored import NOTHING, Authored, AuthoredPerson
from novelcraft.state.base import Frozen
from novelcraft.state.calls import Message
from novelcraft.state.plan import Character, StoryCore, World
from novelcraft.tools.models.schemas import (
    bounded,
    likely_tokens,
    make_schema,
    name_field,
    strict_list,
)


class Story(Frozen):
    """The answer of level one."""

    core: StoryCore
    world: World
    cast: tuple[Character, ...] = Field(min_length=1)
    mends: tuple[str, ...] = ()
    authored: Authored = NOTHING
    """What the author had when it was asked for, for the levels below."""
    unshown: tuple[str, ...] = ()
    """What of the author's words a prompt had no room for."""


async def plan_story(given: BookRequest, session: AgentSession) -> Story:
    """Story core, then the world for it, then the cast for both. What the author has stays.

    Raises:
        InvalidAnswerError: If the model cannot keep to a schema.
    """
    task = PlanTask(given, session)
    mender = task.mender()
    questions = ("the story's core", "the places", "the author's people", "the rest of the cast")
    showing = [Showing(given.authored, question) for question in questions]
    core = await _core(task, mender, showing[0])
    world = await _world(task, core, mender, showing[1])
    people = await _people(task, core, world, mender, showing[2])
    others = await _others(task, core, world, mender, showing[3], people)
    return Story(
        core=core,
        world=world,
        cast=(*people, *others),
        mends=mender.notes,
        authored=given.authored,
        unshown=tuple(note for shown in showing for note in shown.notes),
    )


async def _core(task: PlanTask, mender: Mender, showing: Showing) -> StoryCore:
    chars = task.preset.field_chars
    book = task.book
    schema = make_schema(
        "StoryCoreAnswer",
        title=bounded(50),
        logline=bounded(2 * chars),
        themes=strict_list(bounded(30), 2, 3),
        tone=bounded(60),
        style=bounded(chars),
        ending=bounded(2 * chars),
    )
    prompts = (
        _prompt(
            task,
            "core",
            premise=book.premise,
            style=book.style,
            ending=book.ending,
            authored=showing.told("people", "world", "must", "chapters"),
        )
        for _ in showing.cuts()
    )
    fields = (await _ask(task, "core", schema, prompts)).model_dump()
    shape, words = task.scaffold.shape, task.scaffold.words
    hero = next((person.name for person in book.authored.people), words.name or words.who)
    ending = task.scaffold.fill(shape.ending, (hero,))
    return StoryCore(
        title=book.title or mender.title(fields["title"], book.premise),
        logline=mender.text("the logline", fields["logline"], book.premise),
        themes=tuple(mender.unique("themes", fields["themes"])),
        tone=mender.text("the tone", fields["tone"], shape.tone, min_words=1),
        style=book.style or mender.text("the style", fields["style"], shape.style, min_words=2),
        ending=book.ending or mender.text("the ending", fields["ending"], ending),
    )


async def _world(task: PlanTask, core: StoryCore, mender: Mender, showing: Showing) -> World:
    text = task.book.authored.world
    places = task.preset.cast_size
    listed = strict_list(bounded(40), places, places)
    schema: type[BaseModel] = (
        make_schema("PlacesAnswer", places=listed)
        if text
        else make_schema("WorldAnswer", text=bounded(4 * task.preset.field_chars), places=listed)
    )
    prompts = (
        _prompt(
            task,
            "world",
            premise=task.book.premise,
            core=core,
            world=showing.told("world"),
            authored=showing.told("people", "must", "chapters"),
        )
        for _ in showing.cuts()
    )
    fields = (await _ask(task, "world", schema, prompts)).model_dump()
    return World(
        text=text or mender.text("the world", fields["text"], task.book.premise),
        places=mender.places(fields["places"], task.scaffold.places),
    )


_MEMBER = ("role", "want", "flaw", "voice", "knows")


def _member(task: PlanTask, schema: str, **more: Any) -> type[BaseModel]:
    """The schema of a member of the cast."""
    fields = {key: bounded(task.preset.field_chars) for key in _MEMBER}
    fields["role"] = bounded(50)
    return make_schema(schema, **{**more, **fields})


async def _people(
    task: PlanTask, core: StoryCore, world: World, mender: Mender, showing: Showing
) -> tuple[Character, ...]:
    """The author's people: their names and texts as they are, and what is missing beside."""
    people = task.book.authored.people
    if not people:
        return ()

    def prompts(earlier: Sequence[Item], count: int) -> Iterator[tuple[Message, ...]]:
        for _ in showing.cuts():
            yield _prompt(
                task,
                "people",
                premise=task.book.premise,
                core=core,
                world=showing.world(world),
                authored=showing.told("must", "chapters"),
                people=showing.told("people"),
                names=[person.name for person in people[len(earlier) : len(earlier) + count]],
            )

    question = ListQuestion("plan.cast", "PeopleAnswer", "people", _member(task, "Person"), prompts)
    members = await question.ask(task.session.part("people"), len(people))
    names = [person.name for person in people]
    return tuple(
        _character(n, person.name, member, task.scaffold.member(n - 1, names), mender)
        if not person.text
        else _told_of(n, person, member, mender)
        for n, (person, member) in enumerate(zip(people, members, strict=True), 1)
    )


async def _others(
    task: PlanTask,
    core: StoryCore,
    world: World,
    mender: Mender,
    showing: Showing,
    people: tuple[Character, ...],
) -> tuple[Character, ...]:
    """The cast that the planner makes up, beside the author's people."""
    wanted = task.preset.cast_size - len(people)
    if wanted <= 0:
        return ()

    def prompts(earlier: Sequence[Item], count: int) -> Iterator[tuple[Message, ...]]:
        for _ in showing.cuts():
            made_up = [f"{m['name']}: {m['role']}; wants {m['want']}" for m in earlier]
            yield _prompt(
                task,
                "cast",
                premise=task.book.premise,
                core=core,
                world=showing.world(world),
                authored=showing.told("notes", "must", "chapters"),
                earlier=[*showing.cast(people), *made_up],
                count=count,
            )

    member = _member(task, "CastMember", name=name_field())
    question = ListQuestion("plan.cast", "CastAnswer", "cast", member, prompts)
    members = await question.ask(task.session.part("cast"), wanted)
    hero = task.scaffold.words.name if task.preset.scaffold and not people else ""
    there = [person.name for person in people]
    names = mender.names([m["name"] for m in members], first=hero, others=there)
    return tuple(
        _character(n, name, member, task.scaffold.member(n - 1, [*there, *names]), mender)
        for n, (name, member) in enumerate(zip(names, members, strict=True), len(people) + 1)
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


def _told_of(
    number: int, person: AuthoredPerson, member: dict[str, str], mender: Mender
) -> Character:
    """One of whom the author tells: what is of no use is left out, as the scaffold knows less."""
    fields = {key: mender.optional(member[key], min_words=2) for key in _MEMBER}
    return Character(id=f"c{number}", name=person.name, about=person.text, **fields)


async def _ask(
    task: PlanTask,
    part: str,
    schema: type[BaseModel],
    prompts: Iterator[tuple[Message, ...]],
) -> BaseModel:
    if task.book.authored:
        messages, _ = await task.session.fitting("reasoning", prompts, likely_tokens(schema))
    else:
        messages = next(prompts)
    return await task.session.part(part).ask("reasoning", f"plan.{part}", messages, schema)


def _prompt(task: PlanTask, part: str, **variables: object) -> tuple[Message, ...]:
    return load_template(f"plan_{part}").render(wish=task.book.wish, **variables)
