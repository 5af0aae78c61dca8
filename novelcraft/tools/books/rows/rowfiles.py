"""The files of a data set: rows as JSONL, and the manifest that accounts for them.

The same rows and settings give the same bytes: nothing in them tells the time, or where they were
made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from novelcraft.config.prep import PrepSettings
from novelcraft.prompts.loader import load_template
from novelcraft.prompts.narrator import TEMPLATE
from novelcraft.state.books import BookFile
from novelcraft.state.duplicates import SceneName
from novelcraft.state.rows import (
    BookRows,
    RowFile,
    RowManifest,
    SkippedRow,
    StrategyCost,
    ThinkNote,
    TokenizerNote,
    TrainingRow,
    Trim,
)
from novelcraft.tools.books.rows.compile import CompiledRows, template_of, think_of
from novelcraft.tools.books.rows.split import SplitPlan, Tally
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer
from novelcraft.tools.storage.files import storage_errors, write_atomic

TRAIN_FILE = "train.jsonl"
VALIDATION_FILE = "validation.jsonl"
MANIFEST_FILE = "manifest.json"
_SPOOL_FILE = ".rows.partial"

SceneCopies = Mapping[SceneName, Collection[SceneName]]
"""For a scene the scenes that are copies of it, or that it is a copy of."""


class _Place(NamedTuple):
    """Where a row belongs."""

    row_id: str
    scene: SceneName
    group: str


def book_hash(book: BookFile) -> str:
    """SHA-256 of a book's contents, by which a changed book is known."""
    return hashlib.sha256(book.model_dump_json().encode("utf-8")).hexdigest()


def book_rows(book: BookFile, compiled: CompiledRows) -> BookRows:
    """What a book contributes, for the manifest."""
    return BookRows(
        book_id=book.meta.book_id,
        sha256=book_hash(book),
        scenes=len(book.scenes),
        rows=len(compiled.rows),
        tokens=sum(row.tokens for row in compiled.rows),
    )


def write_rows(
    folder: Path,
    compiled: Iterable[tuple[BookRows, CompiledRows]],
    settings: PrepSettings,
    tokenizer: BaseTokenizer,
    costs: Sequence[StrategyCost] = (),
    copies: SceneCopies | None = None,
) -> RowManifest:
    """Split the rows and write a data set's three files, the manifest last.

    Books are taken one by one and none is held: they take no more memory than the largest
    of them.

    Args:
        folder: Where they go; made when it is missing.
        compiled: The rows of each book and of each folder of samples, in the data set's order.
        settings: What they were compiled with.
        tokenizer: What they were counted with.
        costs: What each strategy costs, see `strategies.strategy_costs`.
        copies: Scenes that are copies of each other. What is kept back for validation is not
            trained on in another edition either: such rows are left out, and named.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: The folder cannot be written.
    """
    spool = folder / _SPOOL_FILE
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            books: list[BookRows] = []
            trims: list[Trim] = []
            skipped: list[SkippedRow] = []
            places: list[_Place] = []
            tally = Tally(settings.split)
            with spool.open("wb") as file:
                for book, made in compiled:
                    places += [_spool(file, row, tally) for row in made.rows]
                    books.append(book)
                    trims += made.trims
                    skipped += made.skipped
            plan = tally.plan(settings.validation, settings.seed)
            splits, left_out = _assign(places, plan, copies or {})
            skipped += left_out
            files = _write_splits(spool, splits, folder)
        finally:
            spool.unlink(missing_ok=True)
    manifest = RowManifest(
        tokenizer=_tokenizer_note(tokenizer),
        think=_think_note(tokenizer, settings),
        prompt_template=load_template(TEMPLATE).hash,
        layout=settings.row_layout,
        settings=settings.model_dump(mode="json"),
        split=plan.note,
        files=files,
        books=tuple(books),
        costs=tuple(costs),
        trims=tuple(trims),
        skipped=tuple(skipped),
    )
    text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
    write_atomic(folder / MANIFEST_FILE, f"{text}\n".encode())
    return manifest


def _spool(file: IO[bytes], row: TrainingRow, tally: Tally) -> _Place:
    file.write(row.model_dump_json().encode("utf-8") + b"\n")
    scene = SceneName(book_id=row.book_id, scene_id=row.scene_id)
    return _Place(row.row_id, scene, tally.add(row))


def _assign(
    places: Sequence[_Place], plan: SplitPlan, copies: SceneCopies
) -> tuple[list[int | None], list[SkippedRow]]:
    """The split of each row, 0 for training and 1 for validation, and the rows left out of both."""
    held = {place.scene for place in places if plan.keeps(place.group)}
    splits: list[int | None] = []
    left_out: list[SkippedRow] = []
    for place in places:
        copy = next((c for c in copies.get(place.scene, ()) if c in held), None)
        validates = plan.keeps(place.group)
        if copy is not None and not validates:
            reason = f"Its copy {copy.book_id}/{copy.scene_id} is kept back for validation."
            left_out.append(SkippedRow(row_id=place.row_id, reason=reason))
        splits.append(1 if validates else 0 if copy is None else None)
    return splits, left_out


def _write_splits(spool: Path, splits: Sequence[int | None], folder: Path) -> tuple[RowFile, ...]:
    """Write each spooled row to the file of its split."""
    sinks = (_Sink(folder / TRAIN_FILE), _Sink(folder / VALIDATION_FILE))
    try:
        with spool.open("rb") as file:
            for line, split in zip(file, splits, strict=True):
                if split is not None:
                    sinks[split].add(line)
        return tuple(sink.finish() for sink in sinks)
    finally:
        for sink in sinks:
            sink.discard()


class _Sink:
    """A file of rows that is written line by line, and appears whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._file = self._partial.open("wb")
        self._hash = hashlib.sha256()
        self._rows = self._tokens = 0

    def add(self, line: bytes) -> None:
        self._file.write(line)
        self._hash.update(line)
        self._rows += 1
        self._tokens += json.loads(line)["tokens"]

    def finish(self) -> RowFile:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._partial.replace(self._path)
        return RowFile(
            name=self._path.name,
            rows=self._rows,
            tokens=self._tokens,
            sha256=self._hash.hexdigest(),
        )

    def discard(self) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)


def _tokenizer_note(tokenizer: BaseTokenizer) -> TokenizerNote:
    return TokenizerNote(
        name=tokenizer.name,
        exact=tokenizer.exact,
        fingerprint=tokenizer.fingerprint,
        template=template_of(tokenizer).hash,
        own_template=tokenizer.template is not None,
    )


def _think_note(tokenizer: BaseTokenizer, settings: PrepSettings) -> ThinkNote:
    block, think = template_of(tokenizer).think_block, think_of(tokenizer, settings)
    return ThinkNote(
        block=block,
        content=think or "none",
        narrator_think=think == "beats" if block == "optional" else None,
    )
