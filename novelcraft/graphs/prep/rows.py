"""The node that lays all books' scenes out as rows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.state.books import BookFile
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
    folder, settings, tokenizer = context.folder, context.settings, context.tokenizer
    without: dict[str, set[str]] = defaultdict(set)
    if settings.drop_duplicates:
        for copy in copies(duplicate_scenes(whole_books(folder))):
            without[copy.book_id].add(copy.scene_id)
    costs = strategy_costs(whole_books(folder), settings, context.count, without)
    compiled = (
        (book_rows(book, made), made)
        for book in whole_books(folder)
        for made in [compile_rows(book, settings, tokenizer, without.get(book.meta.book_id, ()))]
    )
    write_rows(folder.rows, compiled, settings, tokenizer, costs)
