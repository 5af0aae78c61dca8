"""The node that reads a book's constitution out of it."""

from __future__ import annotations

import time
from typing import Any

from novelcraft.agents.world_builder import WorldTask, build_world
from novelcraft.errors import InvalidAnswerError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.parts import world_part
from novelcraft.prompts.fit import fit, sentences
from novelcraft.prompts.world import render_book_world
from novelcraft.state.base import content_hash
from novelcraft.state.books import BookCharacter, BookFile, BookWorld
from novelcraft.state.prep import BookNotice, BookState, StageProgress
from novelcraft.tools.books.folder import model_text, read_text, write_text
from novelcraft.tools.books.ledger import Unit
from novelcraft.tools.books.scenes.excerpts import portions
from novelcraft.tools.books.scenes.names import as_written, frequent_names
from novelcraft.tools.metrics.sense import loops, says_something
from novelcraft.tools.models.asking import Caller

UNIT = "world"
_NAMES = 12
"""Names that the world builder is told occur in the book."""


async def build_world_context(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The world context, into the head of the book's JSON."""
    context, book_id = runtime.context, state["book_id"]
    if context.caller is None:
        return {}
    narrative = read_text(context.folder.narrative(book_id))
    # A corrected word does not change the world, and everything hangs on it: it is read again
    # when chapters come or go.
    titles = [chapter.title for chapter in context.folder.read_chapters(book_id)]
    inputs = content_hash([titles, context.budget.world])
    path = context.folder.base(book_id)
    found = world_part(context.folder.read_book(path))
    verdict = context.folder.ledger(book_id).verdict("world", UNIT, inputs, found)
    fresh = verdict in ("fresh", "edited")
    if not fresh:
        begun = time.monotonic()
        world, notices = await _read_world(context, context.caller, book_id, narrative)
        book = _with_world(context, context.folder.read_book(path), world)
        made = {UNIT: Unit(inputs, world_part(book) or "")}
        seconds = time.monotonic() - begun
        ledger = context.folder.ledger(book_id)
        ledger.record("world", made, notices=notices, seconds=seconds)
        write_text(path, model_text(book))
        for notice in notices:
            context.emit(BookNotice(book_id=book_id, text=notice))
    context.done(book_id, "world", fresh=fresh)
    return {}


async def _read_world(
    context: PrepContext, caller: Caller, book_id: str, narrative: str
) -> tuple[BookWorld, tuple[str, ...]]:
    """A world whose people are in the book, and what had to be mended for that."""
    names = frequent_names(narrative, _NAMES)
    chapters = [chapter.text for chapter in context.folder.read_chapters(book_id)]
    preset = context.preset
    task = WorldTask(
        title=context.folder.read_source(book_id).title,
        parts=portions(chapters, context.count, preset.reading_tokens, preset.most_read),
        names=names,
        count=context.count,
        reading=preset.reading_tokens,
    )
    context.emit(StageProgress(book_id=book_id, stage="world", part=1, total=2))
    try:
        world = await build_world(caller, preset, task, step=f"{book_id}/world")
    except InvalidAnswerError:
        world = BookWorld(text=f"This is the world of {task.title}.", tone="", style="")
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
            cast.setdefault(name, _sane(member, name))
        if name != member.name:
            instead = f"is now {name}" if name else "is left out"
            notices.append(f"the world's cast named {member.name}, who is not in it and {instead}")
    if not cast:
        cast = {name: BookCharacter(name=name, role="") for name in names[:most]}
        notices.append("the world's cast is made of the names that the book has most")
    told = {"tone": world.tone, "style": world.style}
    said = {name: text for name, text in told.items() if says_something(text, [world.text])}
    if told["tone"] == told["style"]:
        said = {}
    notices += [
        f"the world's {name} said nothing: {told[name][:60]!r}" for name in told.keys() - said
    ]
    parts = {"text": _without_loops(world.text), "cast": tuple(cast.values())}
    return world.model_copy(update={"tone": "", "style": "", **said, **parts}), tuple(notices)


def _sane(member: BookCharacter, name: str) -> BookCharacter:
    kept = {
        field: text if says_something(text, [name]) else ""
        for field, text in (("role", member.role), ("want", member.want))
    }
    return BookCharacter(name=name, **kept)


def _without_loops(text: str) -> str:
    return "".join(sentence for sentence in sentences(text) if not loops(sentence)).strip()


def _with_world(context: PrepContext, book: BookFile, world: BookWorld) -> BookFile:
    text = render_book_world(world, book.meta.language)
    fitted = fit(sentences(text), context.budget.world, context.count, keep="start")
    return BookFile(
        meta=book.meta.model_copy(update={"world": world, "world_context": fitted}),
        scenes=book.scenes,
    )
