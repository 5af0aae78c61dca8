"""The node that lays all books' scenes out as rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.state.books import BookFile
from novelcraft.state.duplicates import SceneName
from novelcraft.state.prep import ShelfState
from novelcraft.tools.books.duplicates import copies, duplicate_scenes
from novelcraft.tools.books.folder import PrepFolder
from novelcraft.tools.books.rowfiles import book_rows, write_rows
from novelcraft.tools.books.rows import compile_rows
from novelcraft.tools.books.strategies import strategy_costs


def whole_books(folder: PrepFolder) -> Iterator[BookFile]:
    """The books that have scenes, one by one: heads from `json_base`, scenes from `json_scenes`.

    Where a person has corrected a book's head, it is in the first of the two.
    """
    for book_id in folder.book_ids():
        if folder.scenes(book_id).is_file():
            book = folder.read_book(folder.scenes(book_id))
            head = folder.read_book(folder.base(book_id)).meta
            meta = head.model_copy(update={"total_scenes": len(book.scenes)})
            yield book.model_copy(update={"meta": meta})


async def compile_shelf(
    state: ShelfState,  # noqa: ARG001 - LangGraph gives it by this name
    runtime: PrepRuntime,
) -> dict[str, Any]:
    """The rows of all books in the folder, those of earlier runs too."""
    await asyncio.to_thread(_compile, runtime.context)
    return {}


def _compile(context: PrepContext) -> None:
    folder, settings = context.folder, context.settings
    dropped: frozenset[SceneName] = frozenset()
    if settings.drop_duplicates:
        dropped = copies(duplicate_scenes(whole_books(folder)))
    compiled = []
    for book in whole_books(folder):
        kept = _without(book, dropped)
        made = compile_rows(kept, settings, context.tokenizer)
        compiled.append((book_rows(kept, made), made))
    costs = strategy_costs(list(whole_books(folder)), settings, context.count)
    write_rows(folder.rows, compiled, settings, context.tokenizer, costs)


def _without(book: BookFile, dropped: frozenset[SceneName]) -> BookFile:
    book_id = book.meta.book_id
    scenes = tuple(
        scene
        for scene in book.scenes
        if SceneName(book_id=book_id, scene_id=scene.scene_id) not in dropped
    )
    return book.model_copy(update={"scenes": scenes})
