"""The files of a data set of preferences: pairs, and the manifest.

The same preferences give the same bytes: nothing in them tells the time, or where they were made.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from novelcraft.config.text_files import read_text
from novelcraft.errors import PreferenceError
from novelcraft.state.preferences import (
    PairCount,
    PairFile,
    PairManifest,
    PreferencePair,
    ThinkContent,
)
from novelcraft.state.rows import SkippedRow
from novelcraft.tools.storage.files import files_digest, write_atomic

PAIRS_FILE = "pairs.jsonl"
MANIFEST_FILE = "manifest.json"
PAIRS_FOLDER = "pairs"
"""Where pairs lie in a data folder, beside its rows."""

_LABELS_FILE = "labels.jsonl"
"""Scenes labelled one by one, which earlier versions collected too. Runs of those know their data
by a hash over both files."""


def pairs_folder(data: str) -> Path:
    """The folder with the preferences: a data folder's `pairs`, or the folder itself.

    Raises:
        PreferenceError: Neither has any.
    """
    given = Path(data).expanduser()
    for folder in (given / PAIRS_FOLDER, given):
        if (folder / PAIRS_FILE).is_file():
            return folder
    raise PreferenceError(
        f"{given} has no preferences to learn from: there is no {PAIRS_FILE} in it, nor in its "
        f"{PAIRS_FOLDER} folder.",
        fix="Collect them with `novelcraft pairs`, or give the folder that holds them.",
    )


def read_pairs(folder: Path) -> tuple[PreferencePair, ...]:
    """The pairs of a data set; none where it has no such file. A byte order mark is no part of it.

    Raises:
        PreferenceError: A line is no pair, or stands there twice; names file and line.
    """
    return _read(folder / PAIRS_FILE)


def read_pair_manifest(folder: Path) -> PairManifest | None:
    """How a data set came about; None for one that another tool made.

    Raises:
        PreferenceError: Its manifest is none.
    """
    file = folder / MANIFEST_FILE
    if not file.is_file():
        return None
    try:
        return PairManifest.model_validate_json(file.read_bytes())
    except ValueError as error:
        raise PreferenceError(
            f"{file} is no manifest of pairs: {error}", fix="Collect the pairs again."
        ) from error


def write_preferences(
    folder: Path,
    pairs: Sequence[PreferencePair],
    *,
    think: ThinkContent,
    left_out: Sequence[SkippedRow] = (),
) -> PairManifest:
    """Write a data set, its manifest last.

    Args:
        folder: Where it goes; made when it is missing. A data set that is there is replaced.
        pairs: In the order that they are to have.
        think: What stands in a think block.
        left_out: Rejected scenes that became no pair.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: The folder cannot be written.
    """
    file = _write(folder / PAIRS_FILE, pairs)
    manifest = PairManifest(
        think=think, files=(file,), counts=_counts(pairs), left_out=tuple(left_out)
    )
    text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
    write_atomic(folder / MANIFEST_FILE, f"{text}\n".encode())
    return manifest


def data_hash(folder: Path) -> str:
    """SHA-256 over the pairs, by which a training run knows its data again."""
    return files_digest(folder / PAIRS_FILE, folder / _LABELS_FILE).hexdigest()


def _read(file: Path) -> tuple[PreferencePair, ...]:
    if not file.is_file():
        return ()
    pairs: list[PreferencePair] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(read_text(file, PreferenceError).split("\n"), 1):
        if not line.strip():
            continue
        try:
            pairs.append(PreferencePair.model_validate_json(line))
        except ValidationError as error:
            raise PreferenceError(
                f"Line {number} of {file} is no pair: {_complaint(error)}.",
                fix="Correct or remove that line, or collect the pairs again.",
            ) from error
        name = pairs[-1].pair_id
        if name in seen:
            raise PreferenceError(
                f"Line {number} of {file} has the pair_id of line {seen[name]}: {name}.",
                fix="Remove one of the two.",
            )
        seen[name] = number
    return tuple(pairs)


def _complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def _write(path: Path, pairs: Sequence[PreferencePair]) -> PairFile:
    content = b"".join(one.model_dump_json().encode("utf-8") + b"\n" for one in pairs)
    write_atomic(path, content)
    return PairFile(
        name=path.name,
        lines=len(pairs),
        held_out=sum(one.held_out for one in pairs),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _counts(pairs: Iterable[PreferencePair]) -> tuple[PairCount, ...]:
    counts = Counter((pair.source, pair.work) for pair in pairs)
    return tuple(
        PairCount(source=source, work=work, pairs=number)
        for (source, work), number in counts.items()
    )
