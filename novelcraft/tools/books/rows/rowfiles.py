"""The files of a data set: rows as JSONL, and the manifest that accounts for them.

The same rows and settings give the same bytes: nothing in them tells the time, or where they were
made.
"""

from __future__ import annotations

import hashlib
import json
import os
from codecs import BOM_UTF8
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from pydantic import ValidationError

from novelcraft.config.prep import PrepSettings
from novelcraft.errors import InputError
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
from novelcraft.tools.books.rows.chat_template import split_plan
from novelcraft.tools.books.rows.compile import CompiledRows, template_of, think_of
from novelcraft.tools.books.rows.split import SplitPlan, Tally
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer
from novelcraft.tools.storage.files import storage_errors, write_atomic

TRAIN_FILE = "train.jsonl"
VALIDATION_FILE = "validation.jsonl"
MANIFEST_FILE = "manifest.json"
_SPOOL_FILE = ".rows.partial"

_FOREIGN = {
    ("conversations",): "`conversations`, as ShareGPT has them",
    ("messages",): "`messages` alone",
    ("instruction", "output"): "`instruction` and `output`, as Alpaca has them",
    ("prompt", "completion"): "`prompt` and `completion`",
    ("prompt", "chosen"): "a preference, with `chosen` and `rejected`",
    ("text",): "`text` alone",
}
"""Rows of other tools, by the keys that tell them."""
_FOREIGN_FIX = (
    "A narrator is trained on rows with its own prompt: run `novelcraft prep BOOK...` on the books "
    "that these are from, or save the answers as text files and run `novelcraft prep --style DIR`."
)

Twins = Mapping[SceneName, Collection[SceneName]]
"""For a scene the scenes that are copies of it, or that it is a copy of."""


class _Place(NamedTuple):
    """Where a row belongs."""

    row_id: str
    scene: SceneName
    group: str


def read_rows(file: Path) -> tuple[TrainingRow, ...]:
    """The rows of a file; a byte order mark is no part of the first.

    Raises:
        InputError: A line is no row, is a row of another tool, has nothing to learn, or has the id
            of another one; names file and line.
    """
    rows: list[TrainingRow] = []
    seen: dict[str, int] = {}
    # Not splitlines: prose may hold other line separators, which JSON leaves as they are.
    for number, line in enumerate(file.read_bytes().removeprefix(BOM_UTF8).split(b"\n"), 1):
        if not line.strip():
            continue
        row = _row(line, f"Line {number} of {file}")
        if row.row_id in seen:
            raise InputError(
                f"Line {number} of {file} has the row_id of line {seen[row.row_id]}: {row.row_id}.",
                fix="Give one of the two another row_id, or remove it.",
            )
        seen[row.row_id] = number
        rows.append(row)
    return tuple(rows)


def _row(line: bytes, where: str) -> TrainingRow:
    if b"\0" in line:
        raise InputError(f"{where} has a NUL byte.", fix="Take it out, or remove the line.")
    try:
        row = TrainingRow.model_validate_json(line)
    except ValidationError as error:
        raise _no_row(line, where, error) from error
    if fault := _nothing_to_learn(row):
        raise InputError(f"{where} {fault}.", fix="Correct the row, or remove it.")
    return row


def _nothing_to_learn(row: TrainingRow) -> str:
    """Why no answer can be learnt from a row; empty where one can."""
    if any("\0" in message.content for message in row.messages):
        return "has a NUL character in its text"
    roles = [message.role for message in row.messages]
    if roles[-1:] != ["assistant"]:
        return f"ends with the message of {roles[-1] if roles else 'nobody'}, not of the assistant"
    if roles[-2:] != ["user", "assistant"]:
        return "has no user's message before the assistant's"
    _, text = split_plan(row.messages[-1].content)
    return "" if text.strip() else "has an empty scene: there is nothing to learn"


def _no_row(line: bytes, where: str, error: ValidationError) -> InputError:
    try:
        record = json.loads(line)
    except ValueError as fault:  # no JSON, or bytes that are not UTF-8
        return InputError(f"{where} is no JSON: {fault}.", fix="Correct the line, or remove it.")
    keys = set(record) if isinstance(record, dict) else set()
    kind = next((name for mark, name in _FOREIGN.items() if set(mark) <= keys), "")
    if kind and "row_id" not in keys:
        return InputError(f"{where} is a row of another kind: {kind}.", fix=_FOREIGN_FIX)
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return InputError(
        f"{where} is no training row: {first['msg']}{f' at {place}' if place else ''}.",
        fix="Compile the rows again.",
    )


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
    twins: Twins | None = None,
) -> RowManifest:
    """Split the rows and write a data set's three files, the manifest last.

    Books are taken one by one and none is held: a shelf takes no more memory than its largest
    book.

    Args:
        folder: Where they go; made when it is missing.
        compiled: The rows of each book and of each folder of samples, in the data set's order.
        settings: What they were compiled with.
        tokenizer: What they were counted with.
        costs: What each strategy costs, see `strategies.strategy_costs`.
        twins: Scenes that are copies of each other. What is kept back for validation is not
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
            fates, told = _fates(places, plan, twins or {})
            skipped += told
            files = _deal(spool, fates, folder)
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


def _fates(
    places: Sequence[_Place], plan: SplitPlan, twins: Twins
) -> tuple[list[int | None], list[SkippedRow]]:
    """The file of each row, by its number, and the rows that go into none."""
    held = {place.scene for place in places if plan.keeps(place.group)}
    fates: list[int | None] = []
    left_out: list[SkippedRow] = []
    for place in places:
        twin = next((t for t in twins.get(place.scene, ()) if t in held), None)
        kept = plan.keeps(place.group)
        if twin is not None and not kept:
            reason = f"Its copy {twin.book_id}/{twin.scene_id} is kept back for validation."
            left_out.append(SkippedRow(row_id=place.row_id, reason=reason))
        fates.append(1 if kept else 0 if twin is None else None)
    return fates, left_out


def _deal(spool: Path, fates: Sequence[int | None], folder: Path) -> tuple[RowFile, ...]:
    """Give each spooled row to its file."""
    sinks = (_Sink(folder / TRAIN_FILE), _Sink(folder / VALIDATION_FILE))
    try:
        with spool.open("rb") as file:
            for line, fate in zip(file, fates, strict=True):
                if fate is not None:
                    sinks[fate].add(line)
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
