"""The files of a data set: rows as JSONL, and the manifest that accounts for them.

The same rows and settings give the same bytes: nothing in them tells the time, or where they were
made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from novelcraft.config.prep import PrepSettings
from novelcraft.errors import InputError
from novelcraft.prompts.loader import load_template
from novelcraft.prompts.narrator import TEMPLATE
from novelcraft.state.books import BookFile
from novelcraft.state.rows import (
    BookRows,
    RowFile,
    RowManifest,
    StrategyCost,
    ThinkNote,
    TokenizerNote,
    TrainingRow,
)
from novelcraft.tools.books.rows import CompiledRows, template_of, think_of
from novelcraft.tools.books.split import Split, split_rows
from novelcraft.tools.books.tokenizers import BaseTokenizer
from novelcraft.tools.export.files import write_atomic

TRAIN_FILE = "train.jsonl"
VALIDATION_FILE = "validation.jsonl"
MANIFEST_FILE = "manifest.json"


def to_jsonl(rows: Iterable[TrainingRow]) -> bytes:
    """Rows as lines of JSON, UTF-8."""
    return b"".join(row.model_dump_json().encode("utf-8") + b"\n" for row in rows)


def read_rows(file: Path) -> tuple[TrainingRow, ...]:
    """The rows of a file.

    Raises:
        InputError: A line is no row.
    """
    # Not splitlines: prose may hold other line separators, which JSON leaves as they are.
    lines = file.read_text(encoding="utf-8").split("\n")
    rows: list[TrainingRow] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(TrainingRow.model_validate_json(line))
            except ValueError as error:
                raise InputError(
                    f"Line {number} of {file} is no training row: {error}",
                    fix="Compile the rows again.",
                ) from error
    return tuple(rows)


def column_types(record: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row and their types, as a reader of data sets infers them.

    Equal for all rows of a data set, or it cannot be loaded as one table.
    """
    return {name: _type(value) for name, value in record.items()}


def _type(value: Any) -> Any:
    if isinstance(value, Mapping):
        return column_types(value)
    if isinstance(value, list):
        kinds: list[Any] = []
        for item in value:
            if _type(item) not in kinds:
                kinds.append(_type(item))
        return kinds
    return type(value).__name__


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
    compiled: Sequence[tuple[BookRows, CompiledRows]],
    settings: PrepSettings,
    tokenizer: BaseTokenizer,
    costs: Sequence[StrategyCost] = (),
) -> RowManifest:
    """Split the rows and write a data set's three files, the manifest last.

    Args:
        folder: Where they go; made when it is missing.
        compiled: The rows of each book and of each folder of samples, in the data set's order.
        settings: What they were compiled with.
        tokenizer: What they were counted with.
        costs: What each strategy costs, see `strategies.strategy_costs`.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: The folder cannot be written.
    """
    rows = [row for _, made in compiled for row in made.rows]
    split = split_rows(rows, by=settings.split, share=settings.validation, seed=settings.seed)
    manifest = RowManifest(
        tokenizer=_tokenizer_note(tokenizer),
        think=_think_note(tokenizer, settings),
        prompt_template=load_template(TEMPLATE).hash,
        settings=settings.model_dump(mode="json"),
        split=split.note,
        files=_write_files(folder, split),
        books=tuple(book for book, _ in compiled),
        costs=tuple(costs),
        trims=tuple(trim for _, made in compiled for trim in made.trims),
        skipped=tuple(skip for _, made in compiled for skip in made.skipped),
    )
    text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
    write_atomic(folder / MANIFEST_FILE, f"{text}\n".encode())
    return manifest


def _write_files(folder: Path, split: Split) -> tuple[RowFile, ...]:
    files: list[RowFile] = []
    for name, rows in ((TRAIN_FILE, split.train), (VALIDATION_FILE, split.validation)):
        content = to_jsonl(rows)
        write_atomic(folder / name, content)
        files.append(
            RowFile(
                name=name,
                rows=len(rows),
                tokens=sum(row.tokens for row in rows),
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
    return tuple(files)


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
