"""The node that reads a book's constitution out of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from novelcraft.agents.world_builder import WorldInput, build_world
from novelcraft.errors import InvalidAnswerError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.parts import world_part
from novelcraft.prompts.fit import fit, sentences
from novelcraft.prompts.world import render_book_world
from novelcraft.state.books import BookCharacter, BookFile, BookWorld
from novelcraft.state.prep import BookNotice, BookState, StageProgress
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.folder import model_text, read_text, write_text
from novelcraft.tools.books.scenes.by_rule import world_by_rule
from novelcraft.tools.books.scenes.excerpts import portions
from novelcraft.tools.books.scenes.names import as_written, frequent_names
from novelcraft.tools.metrics.sense import loops, says_something

TARGET = "world"
_NAMES = 12
"""Names that the world builder is told occur in the book."""


async def build_world_context(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The world context, into the head of the book's JSON."""
    context, book_id = runtime.context, state["book_id"]
    narrative = read_text(context.folder.narrative(book_id))
    # A corrected word does not change the world, and everything hangs on it: it is read again
    # when chapters come or go.
    titles = [chapter.title for chapter in context.folder.read_chapters(book_id)]
    inputs = context.inputs(titles, context.layout.world)
    path = context.folder.base(book_id)
    present = world_part(context.folder.read_book(path))
    due = context.is_due(book_id, "world", TARGET, inputs, present)
    if due:
        begun = time.monotonic()
        world, notices = await _read_world(context, book_id, narrative)
        book = _with_world(context, context.folder.read_book(path), world)
        target = Target(inputs, world_part(book) or "")
        # Opened again, because other stages wrote to it meanwhile.
        context.folder.build_manifest(book_id).record(
            "world", {TARGET: target}, notices=notices, seconds=time.monotonic() - begun
        )
        write_text(path, model_text(book))
        for notice in notices:
            context.emit(BookNotice(book_id=book_id, text=notice))
    context.done(book_id, "world", fresh=not due)
    return {}


async def _read_world(
    context: PrepContext, book_id: str, narrative: str
) -> tuple[BookWorld, tuple[str, ...]]:
    """A world whose people are in the book, and what had to be repaired for that."""
    names = frequent_names(narrative, _NAMES)
    if context.caller is None:
        async with context.processors:
            return await asyncio.to_thread(world_by_rule, narrative, names), ()
    chapters = [chapter.text for chapter in context.folder.read_chapters(book_id)]
    preset = context.preset
    given = WorldInput(
        title=context.folder.read_source(book_id).title,
        parts=portions(chapters, context.count, preset.reading_tokens, preset.most_read),
        names=names,
    )
    context.emit(StageProgress(book_id=book_id, stage="world", part=1, total=2))
    try:
        world = await build_world(given, context.session(context.caller, f"{book_id}/world"))
    except InvalidAnswerError:
        world = BookWorld(text=f"This is the world of {given.title}.", tone="", style="")
    return _grounded(world, names, narrative, preset.cast_size)


def _grounded(
    world: BookWorld, names: tuple[str, ...], narrative: str, most: int
) -> tuple[BookWorld, tuple[str, ...]]:
    """The world without people whom the book does not know; without any, those it names most."""
    cast: dict[str, BookCharacter] = {}
    notices: list[str] = []
    for member in world.cast:
        name = as_written(member.name, narrative)
        if name and member.role:
            cast.setdefault(name, _without_empty_words(member, name))
        if name != member.name:
            instead = f"is now {name}" if name else "is left out"
            notices.append(f"the world's cast named {member.name}, who is not in it and {instead}")
    if not cast:
        cast = {name: BookCharacter(name=name, role="") for name in names[:most]}
        notices.append("the world's cast is made of the names that the book has most")
    manner = {"tone": world.tone, "style": world.style}
    if world.tone == world.style:
        empty = list(manner)
    else:
        empty = [name for name in manner if not says_something(manner[name], [world.text])]
    notices += [f"the world's {name} said nothing: {manner[name][:60]!r}" for name in empty]
    parts = {"text": _without_loops(world.text), "cast": tuple(cast.values())}
    return world.model_copy(update={**dict.fromkeys(empty, ""), **parts}), tuple(notices)


def _without_empty_words(member: BookCharacter, name: str) -> BookCharacter:
    role, want = (
        text if says_something(text, [name]) else "" for text in (member.role, member.want)
    )
    return BookCharacter(name=name, role=role, want=want)


def _without_loops(text: str) -> str:
    return "".join(sentence for sentence in sentences(text) if not loops(sentence)).strip()


def _with_world(context: PrepContext, book: BookFile, world: BookWorld) -> BookFile:
    text = render_book_world(world, book.meta.language)
    fitted = fit(sentences(text), context.layout.world, context.count, keep="start")
    return BookFile(
        meta=book.meta.model_copy(update={"world": world, "world_context": fitted}),
        scenes=book.scenes,
    )
