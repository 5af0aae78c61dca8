"""A folder of rows, read; a row from which no answer can be learnt is refused by its line."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from pathlib import Path

from pydantic import ValidationError

from novelcraft.errors import InputError
from novelcraft.state.rows import RowManifest, TrainingRow
from novelcraft.tools.books.rows.chat_template import split_plan
from novelcraft.tools.books.rows.rowfiles import MANIFEST_FILE

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


def read_row_manifest(folder: Path) -> RowManifest | None:
    """The manifest of a folder of rows; None where another tool made them.

    Raises:
        InputError: It cannot be read.
    """
    file = folder / MANIFEST_FILE
    if not file.is_file():
        return None
    try:
        return RowManifest.model_validate_json(file.read_bytes())
    except ValueError as error:
        raise InputError(
            f"{file} is no manifest of rows: {error}", fix="Compile the rows again."
        ) from error


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
