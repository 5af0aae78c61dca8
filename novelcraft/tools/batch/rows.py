"""Read the file of a batch: a line of JSON a novel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from novelcraft.config.faults import translate
from novelcraft.config.layers import Layer
from novelcraft.config.names import closest
from novelcraft.config.root import Settings
from novelcraft.config.settings import NovelSettings
from novelcraft.errors import InputError
from novelcraft.state.batch import BatchRow
from novelcraft.tools.authored import authored_files, read_authored
from novelcraft.tools.text import folder_name

TABLES = ("novel", "write", "budget", "roles")
"""Tables of a `novel.toml` that a row may hold. What is in `novel` may stand beside them too."""
MOST_BYTES = 1_000_000
"""Bytes of a line. A premise of twenty thousand characters takes a tenth of that."""

_NAME = re.compile(r"[^\W_][\w.-]{0,79}")
_KEYS = {*TABLES, *NovelSettings.model_fields, "name", "cap"}


def read_rows(path: Path) -> list[BatchRow]:
    """The rows of a file, in its order. Blank lines are passed over.

    Raises:
        InputError: The file cannot be read or holds no row, a line is no row (its number is
            told), or two rows have one name.
        ConfigError, PagesError, PremiseError, UnknownRoleError: A setting of a row cannot be used.
    """
    rows: list[BatchRow] = []
    lines: dict[str, int] = {}
    for number, line in _lines(path):
        row = _row(line, f"{path}, line {number}")
        # Folders of some file systems do not tell capital letters from small ones.
        key = row.name.casefold()
        if key in lines:
            raise InputError(
                f"{path}, line {number}: the name {row.name!r} is taken by line {lines[key]}.",
                fix='Give one of them another "name"; without one it is made from the premise.',
            )
        lines[key] = number
        rows.append(row)
    if not rows:
        raise InputError(
            f"{path} holds no novel.",
            fix='Write a line for each, such as {"premise": "A lighthouse keeper …", "pages": 100}',
        )
    return rows


def with_authored(rows: Iterable[BatchRow], shelf: Path) -> list[BatchRow]:
    """The rows, with what the author has of each novel in its folder on a shelf.

    Raises:
        AuthorsFileError: A file is empty, cannot be read, or contradicts itself.
    """
    taken = []
    for row in rows:
        read_authored(shelf / row.name)  # refuses what cannot be used
        taken.append(row.model_copy(update={"authored": authored_files(shelf / row.name)}))
    return taken


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if len(line) > MOST_BYTES:
                    raise InputError(
                        f"{path}, line {number} has {len(line):,} bytes; {MOST_BYTES:,} are taken.",
                        fix="Give each novel a line of its own.",
                    )
                if line.strip():
                    yield number, line
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", fix="Check the path and its permissions."
        ) from error


def _row(line: bytes, where: str) -> BatchRow:
    values = _parsed(line, where)
    unknown = sorted(values.keys() - _KEYS)
    if unknown:
        near = closest(unknown[0], sorted(_KEYS))
        raise InputError(
            f"{where}: {unknown[0]!r} is nothing that a row can set."
            + (f" Did you mean {near!r}?" if near else ""),
            fix="A row takes name, cap, the keys of [novel], and the tables write, budget, roles.",
        )
    settings = _settings(values, where)
    try:
        checked = Settings.model_validate(settings)
    except ValidationError as error:
        raise translate(error, [Layer(where, settings)]) from error
    premise = checked.novel.premise
    if not premise.strip():
        raise InputError(f"{where}: there is no premise.", fix='Give it a "premise".')
    return BatchRow(
        name=_name(values.get("name"), premise, where),
        settings=settings,
        cap=_cap(values.get("cap"), where),
    )


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where} holds half a character: {error.object[error.start]!a}.",
            fix="Take it out: a surrogate stands for nothing without its other half.",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: byte {error.start} is not UTF-8 text.", fix="Save the file as UTF-8."
        ) from error
    except (ValueError, RecursionError) as error:
        said = str(error)
        if isinstance(error, json.JSONDecodeError):
            said = f"{error.msg}, at character {error.colno}"
        raise InputError(
            f"{where} is not JSON: {said}.",
            fix='Write one object on one line: {"premise": "…", "pages": 100}',
        ) from error
    if not isinstance(values, dict):
        raise InputError(
            f"{where} is no object but {type(values).__name__}.",
            fix='Write {"premise": "…", "pages": 100}',
        )
    return values


def _settings(values: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    settings: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        given = values.get(table, {})
        if not isinstance(given, dict):
            raise InputError(
                f"{where}: {table!r} must be an object, not {given!r}.",
                fix=f'Write it as {{"{table}": {{…}}}}.',
            )
        if given:
            settings[table] = given
    book = {key: values[key] for key in NovelSettings.model_fields if key in values}
    if book:
        settings["novel"] = {**settings.get("novel", {}), **book}
    return settings


def _name(given: Any, premise: str, where: str) -> str:
    if given is None:
        return folder_name(premise)
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise InputError(
            f"{where}: {given!r} cannot be a novel's name.",
            fix="Use up to 80 letters, digits, dots, underscores and hyphens, a letter or digit "
            "first.",
        )
    return given


def _cap(given: Any, where: str) -> float | None:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if given is None or (number and given > 0):
        return None if given is None else float(given)
    raise InputError(
        f"{where}: cap = {given!r} is no amount.", fix="Give what the novel may cost, above 0."
    )
