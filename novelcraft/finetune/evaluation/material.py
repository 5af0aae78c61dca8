"""What an evaluation works with: the adapter and the rows of its run, checked. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import AdapterError, TrainingDataError
from novelcraft.finetune.adapters.folder import TRAINING_FILE, Adapter, read_adapter
from novelcraft.finetune.adapters.trained import read_training
from novelcraft.finetune.data.rows import TrainingData, load_data
from novelcraft.finetune.rowfolder import (
    rows_folder,
    rows_hash,
    rows_layout,
    rows_think,
)
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.state.layout import Layout
from novelcraft.state.rows import TrainingRow
from novelcraft.tools.books.folder import PrepFolder
from novelcraft.tools.books.rows.chat_template import split_plan
from novelcraft.tools.books.rows.row_reader import read_row_manifest, read_rows
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.books.rows.tokenizers import open_tokenizer
from novelcraft.tools.metrics.memory import TrainingText

LEAST_VALIDATION = 2
"""Validation rows below which an evaluation would rest on a single scene."""


@dataclass(frozen=True)
class Material:
    """An adapter, and the rows that it was trained and validated on."""

    adapter: Adapter
    base_model: str
    config: TrainConfig
    """The settings of the training run."""
    data: TrainingData
    """The rows in tokens."""
    train: tuple[TrainingRow, ...]
    validation: tuple[TrainingRow, ...]
    """The rows as they were compiled, in the order of `data`."""
    layout: Layout
    """The layout that the rows were compiled in."""
    think: ThinkMode | None
    """What the rows have in their think block."""
    threads: int
    """That the run computed with on a processor; 0 where none was chosen."""
    books: Path | None
    """The data folder's books as scenes; None where there are only rows."""

    def training_texts(self) -> Iterator[TrainingText]:
        """The scenes of the training rows, a text for each book, in the order of the book."""
        for book, scenes in _by_book(self.train).items():
            yield TrainingText(book, "\n\n".join(scenes))

    def training_prose(self) -> Iterator[str]:
        """The training books' narrative, without what is held back, each part of it once.

        Of a book whose scenes are at hand, those of the chapters that rows were made of; of any
        other, the scenes of its rows.
        """
        chapters = {_chapter(row) for row in self.train}
        for book, scenes in _by_book(self.train).items():
            file = PrepFolder(self.books).scenes(book) if self.books else None
            if self.books is None or file is None or not file.is_file():
                yield from scenes
                continue
            for scene in PrepFolder(self.books).read_book(file).scenes:
                if f"{book}/{scene.chapter_index}" in chapters:
                    yield scene.text


def human_scene(row: TrainingRow) -> str:
    """The scene of a row, as a person wrote it."""
    return split_plan(row.messages[-1].content)[1]


def load_material(folder: Path, data: Path, base: str = "") -> Material:
    """Read the adapter and its rows.

    Args:
        folder: The adapter's, as a training run leaves it.
        data: The data folder that the run had its rows from, or the folder with the rows.
        base: The base model; empty for the one that the adapter names.

    Raises:
        AdapterError: There is no adapter, it is damaged, does not say what it was trained on, or
            is of a base with another tokenizer.
        TrainingDataError: There are no rows, they are not those of its run, or too few.
        InputError: A file of the data folder cannot be read; names file and line.
        ConfigError, ModelDownloadError: The base's tokenizer cannot be had.
    """
    adapter = read_adapter(folder)
    run = read_training(folder)
    named = base or adapter.base_model
    rows = rows_folder(str(data))
    if rows_hash(rows) != run.data_hash:
        raise TrainingDataError(
            f"The rows in {rows} are not those that {folder} was trained on: perplexity and the "
            "gate would be those of other books.",
            fix=f"Give the data folder of its training run, as it was then: {run.config['data']}.",
        )
    config = _config(folder, run.config, named, data)
    tokenizer = open_tokenizer(named)
    if tokenizer.fingerprint != run.tokenizer:
        raise AdapterError(
            f"{folder} is an adapter for another base: {named} has other tokens.",
            fix=f"Give the base that it was trained on: {adapter.base_model}.",
        )
    found = load_data(config, tokenizer)
    manifest = read_row_manifest(rows)
    validation = _matching(rows / VALIDATION_FILE, [row.row_id for row in found.validation])
    if len(validation) < LEAST_VALIDATION:
        raise TrainingDataError(
            f"{rows / VALIDATION_FILE} has too few rows that can be used: {len(validation)}. An "
            f"evaluation needs at least {LEAST_VALIDATION}, and some dozens to mean much.",
            fix="Prepare the books with a larger validation share, and train on those rows.",
        )
    return Material(
        adapter=adapter,
        base_model=named,
        config=config,
        data=found,
        train=_matching(rows / TRAIN_FILE, [row.row_id for row in found.train]),
        validation=validation,
        layout=rows_layout(manifest),
        think=rows_think(manifest),
        threads=run.threads,
        books=rows.parent if (rows.parent / "json_scenes").is_dir() else None,
    )


def _config(folder: Path, written: Mapping[str, Any], base: str, data: Path) -> TrainConfig:
    try:
        return TrainConfig.from_record({**written, "base_model": base, "data": str(data)})
    except ValueError as error:
        raise AdapterError(
            f"{folder / TRAINING_FILE} holds no settings of a run: {error}",
            fix="Get the adapter again.",
        ) from error


def _matching(file: Path, wanted: Iterable[str]) -> tuple[TrainingRow, ...]:
    """The rows of those ids: all but those that the run left out for their length."""
    by_id = {row.row_id: row for row in read_rows(file)} if file.is_file() else {}
    return tuple(by_id[row_id] for row_id in wanted)


def _by_book(rows: Iterable[TrainingRow]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.book_id, []).append(human_scene(row))
    return found


def _chapter(row: TrainingRow) -> str:
    return f"{row.book_id}/{row.chapter_index}"
