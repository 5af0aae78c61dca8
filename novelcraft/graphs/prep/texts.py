"""Nodes that turn a book's file into clean text: convert, clean, base."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.parts import head_part
from novelcraft.graphs.prep.products import Files, make_files
from novelcraft.state.base import content_hash
from novelcraft.state.books import BookFile, BookMeta, ChapterHead
from novelcraft.state.manuscript import count_words
from novelcraft.state.prep import BookState
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.cleaning.clean import clean
from novelcraft.tools.books.folder import (
    bytes_hash,
    drops_text,
    heads_text,
    model_text,
    read_text,
    text_hash,
    write_text,
)
from novelcraft.tools.books.reading.convert import read_source
from novelcraft.tools.text import counted

TARGET = "head"
RULES = 1
"""Raised when cleaning makes something else of the same text."""


async def convert_book(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The book's raw Markdown, through pandoc."""
    context, book_id = runtime.context, state["book_id"]
    if not state["path"]:
        context.done(book_id, "convert", fresh=True)
        return {}
    async with context.processors:
        made = await asyncio.to_thread(_convert, context, book_id, Path(state["path"]))
    context.done(book_id, "convert", fresh=not made)
    return {}


def _convert(context: PrepContext, book_id: str, path: Path) -> bool:
    folder = context.folder

    def make() -> tuple[Files, tuple[str, ...]]:
        source, raw = read_source(path)
        named = source.model_copy(update={"book_id": book_id})
        return {folder.raw(book_id): raw, folder.source(book_id): model_text(named)}, ()

    paths = (folder.raw(book_id), folder.source(book_id))
    return make_files(context, book_id, "convert", bytes_hash(path), paths, make)


async def clean_book(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The narrative, and what goes beside it."""
    context, book_id = runtime.context, state["book_id"]
    async with context.processors:
        made = await asyncio.to_thread(_clean, context, book_id)
    context.done(book_id, "clean", fresh=not made)
    return {}


def _clean(context: PrepContext, book_id: str) -> bool:
    folder = context.folder
    raw = read_text(folder.raw(book_id))
    foreword = context.settings.keep_foreword

    def make() -> tuple[Files, tuple[str, ...]]:
        book = clean(raw, foreword=foreword)
        files = {
            folder.narrative(book_id): book.narrative,
            folder.reference(book_id): book.reference,
            folder.drops(book_id): drops_text(book.drops),
            folder.chapters(book_id): heads_text(book.chapters),
        }
        return files, tuple(book.notices)

    paths = (
        folder.narrative(book_id),
        folder.reference(book_id),
        folder.drops(book_id),
        folder.chapters(book_id),
    )
    inputs = content_hash([RULES, text_hash(raw), foreword])
    return make_files(context, book_id, "clean", inputs, paths, make)


async def base_book(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The book's JSON, without scenes."""
    context, book_id = runtime.context, state["book_id"]
    chapters, made = await asyncio.to_thread(_base, context, book_id)
    context.done(book_id, "base", fresh=not made, detail=counted(chapters, "chapter"))
    return {"chapters": chapters}


def _base(context: PrepContext, book_id: str) -> tuple[int, bool]:
    folder, path = context.folder, context.folder.base(book_id)
    meta = _meta(context, book_id)
    before = folder.read_book(path) if path.is_file() else None
    manifest = folder.build_manifest(book_id)
    inputs = head_part(BookFile(meta=meta))
    present = head_part(before) if before else None
    edited = manifest.freshness("base", TARGET, inputs, present) == "edited"
    if before:
        # Its world is another stage's, which finds out by itself whether it still holds.
        kept = ("world", "world_context", *(("title", "author", "language") if edited else ()))
        meta = meta.model_copy(update={name: getattr(before.meta, name) for name in kept})
    book = BookFile(meta=meta)
    if book == before:
        return meta.total_chapters, False
    if not edited:
        manifest.record("base", {TARGET: Target(inputs, head_part(book))})
    write_text(path, model_text(book))
    return meta.total_chapters, True


def _meta(context: PrepContext, book_id: str) -> BookMeta:
    folder = context.folder
    chapters = folder.read_chapters(book_id)
    source = folder.read_source(book_id)
    parts = {head.index: head.part for head in folder.read_heads(book_id)}
    return BookMeta(
        book_id=book_id,
        title=source.title,
        author=source.author,
        language=source.language,
        word_count=sum(count_words(chapter.text) for chapter in chapters),
        total_chapters=len(chapters),
        chapters=tuple(
            ChapterHead(index=c.index, title=c.title, part=parts.get(c.index, "")) for c in chapters
        ),
    )
