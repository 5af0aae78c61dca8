"""Stages whose product is files: what is there, what is kept, what is written anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from novelcraft.graphs.prep.context import PrepContext
from novelcraft.state.prep import BookNotice, Stage
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.folder import file_hash, text_hash, write_text

Files = Mapping[Path, str]
"""Texts by the files that they go into."""


def make_files(
    context: PrepContext,
    book_id: str,
    stage: Stage,
    inputs: str,
    paths: tuple[Path, ...],
    make: Callable[[], tuple[Files, tuple[str, ...]]],
) -> bool:
    """Run a stage if any of its files is missing or stale. Files that a person changed stay.

    Args:
        context: Folder, build manifest and events.
        book_id: The book.
        stage: The stage.
        inputs: Hash of what the files are made from.
        paths: The files.
        make: Makes them all, and says what a person should know.

    Returns:
        Whether there was something to do.
    """
    manifest = context.folder.build_manifest(book_id)
    freshness = {p: manifest.freshness(stage, p.name, inputs, file_hash(p)) for p in paths}
    if not {"missing", "stale"} & set(freshness.values()):
        return False
    begun = time.monotonic()
    files, notices = make()
    kept = [path for path in files if freshness[path] == "edited"]
    notices += tuple(f"{path.name} was changed by hand and is kept" for path in kept)
    manifest.record(
        stage,
        {p.name: Target(inputs, text_hash(text)) for p, text in files.items() if p not in kept},
        keep=True,
        notices=notices,
        seconds=time.monotonic() - begun,
    )
    for path, text in files.items():
        if path not in kept:
            write_text(path, text)
    for notice in notices:
        context.emit(BookNotice(book_id=book_id, text=notice))
    return True
