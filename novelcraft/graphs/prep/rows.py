"""The node that lays all books' scenes out as rows."""

from __future__ import annotations

import asyncio
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from novelcraft.errors import DataFileError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.state.books import BookFile
from novelcraft.state.prep import BookNotice, CorpusState
from novelcraft.state.rows import BookRows
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.folder import PrepFolder, bytes_hash
from novelcraft.tools.books.rows.compile import CompiledRows, compile_rows
from novelcraft.tools.books.rows.duplicates import copies, copies_by_scene, duplicate_scenes
from novelcraft.tools.books.rows.rowfiles import book_rows, write_rows
from novelcraft.tools.books.rows.strategies import strategy_costs
from novelcraft.tools.books.rows.style_rows import compile_style_rows
from novelcraft.tools.storage.files import storage_errors

STAGING = ".rows"
"""Where rows are written before they take their place, in one go."""


def whole_books(folder: PrepFolder) -> Iterator[BookFile]:
    """The books that have scenes, one by one: heads from `json_base`, scenes from `json_scenes`.

    Where a person has corrected a book's head, it is in the first of the two. A book whose JSON
    cannot be read is left out.
    """
    for book_id in folder.book_ids():
        if not folder.scenes(book_id).is_file():
            continue
        with suppress(DataFileError):  # said when the book's turn came
            book = folder.read_book(folder.scenes(book_id))
            head = folder.read_book(folder.base(book_id)).meta
            meta = head.model_copy(update={"total_scenes": len(book.scenes)})
            yield book.model_copy(update={"meta": meta})


async def compile_corpus(
    state: CorpusState,  # noqa: ARG001 - LangGraph gives it by this name
    runtime: PrepRuntime,
) -> dict[str, Any]:
    """The rows of all books in the folder, those of earlier runs too."""
    await asyncio.to_thread(_compile, runtime.context)
    return {}


def _compile(context: PrepContext) -> None:
    folder, settings, tokenizer = context.folder, context.settings, context.tokenizer
    without: dict[str, set[str]] = defaultdict(set)
    duplicates = duplicate_scenes(whole_books(folder))
    if settings.drop_duplicates:
        for copy in copies(duplicates):
            without[copy.book_id].add(copy.scene_id)
    costs = strategy_costs(whole_books(folder), settings, context.count, without)
    staging = folder.root / STAGING
    rows = _compiled(context, without)
    write_rows(staging, rows, settings, tokenizer, costs, copies_by_scene(duplicates))
    _publish(context, staging)
    shutil.rmtree(staging)


def _compiled(
    context: PrepContext, without: Mapping[str, set[str]]
) -> Iterator[tuple[BookRows, CompiledRows]]:
    """The rows of one book after the other, those of a writer's own samples last."""
    settings, tokenizer = context.settings, context.tokenizer
    for book in whole_books(context.folder):
        compiled = compile_rows(book, settings, tokenizer, without.get(book.meta.book_id, ()))
        yield book_rows(book, compiled), compiled
    if settings.samples:
        yield compile_style_rows(Path(settings.samples), settings, tokenizer)


def _publish(context: PrepContext, staging: Path) -> None:
    """Put the new files in the place of the old ones, unless a person changed one of those."""
    folder, manifest = context.folder, context.folder.rows_build_manifest
    names = [path.name for path in sorted(staging.iterdir())]
    present = {name: _file_hash(folder.rows / name) for name in names}
    edited = [n for n in names if manifest.freshness("rows", n, "", present[n]) == "edited"]
    if edited:
        text = f"{' and '.join(edited)} in {folder.rows} changed by hand: all rows are kept"
        context.emit(BookNotice(book_id="", text=f"{text}; delete the folder to renew them"))
        return
    outputs = {name: bytes_hash(staging / name) for name in names}
    manifest.record("rows", {name: Target(output, output) for name, output in outputs.items()})
    with storage_errors(folder.rows):
        folder.rows.mkdir(parents=True, exist_ok=True)
        for name in names:
            (staging / name).replace(folder.rows / name)


def _file_hash(path: Path) -> str | None:
    return bytes_hash(path) if path.is_file() else None
