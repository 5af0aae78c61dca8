"""Rows as they are trained: tokens, and which of them are learnt.

Everything about a row that training depends on is decided here, without torch, so that what a
person is shown (`finetune.preview`), what is planned and what is trained are one thing. The
trainer is given these tokens and cuts, adds and masks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import BaseModelError, TrainingDataError
from novelcraft.finetune.rowfolder import rows_folder, rows_hash, rows_think
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.presets import embedding_size
from novelcraft.state.calls import Message
from novelcraft.state.rows import RowManifest, TrainingRow
from novelcraft.tools.books.rows.row_reader import read_row_manifest, read_rows
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.books.rows.split import trained_on
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer, open_tokenizer
from novelcraft.tools.text import counted

IGNORED = -100
"""The label of a token that is not learnt."""
LEAST_ROWS = 8
"""Rows below which nothing but those rows would be learnt."""
_NAMED = 5


@dataclass(frozen=True)
class TrainRow:
    """A row in tokens."""

    row_id: str
    chapter: str
    """The chapter that it is from: `the-iron-heel/3`."""
    tokens: tuple[int, ...]
    labels: tuple[int, ...]
    """The token to be learnt at each place, or `IGNORED`."""

    @property
    def learnt(self) -> int:
        """How many tokens are learnt."""
        return sum(label != IGNORED for label in self.labels)


@dataclass(frozen=True)
class LongRow:
    """A row that is longer than rows may be."""

    row_id: str
    tokens: int


@dataclass(frozen=True)
class TrainingData:
    """All rows of a run."""

    tokenizer: BaseTokenizer
    train: tuple[TrainRow, ...]
    validation: tuple[TrainRow, ...]
    dropped: tuple[LongRow, ...]
    """Rows that were left out for their length, where the settings allow that."""
    notices: tuple[str, ...]
    """What a person should know of the rows."""
    data_hash: str
    """SHA-256 over the files of rows, by which a run knows its data again."""

    @property
    def briefs(self) -> tuple[TrainRow, ...]:
        """Rows to write samples to."""
        return self.validation


def prompt_of(row: TrainRow) -> tuple[int, ...]:
    """The tokens before the first that is learnt."""
    first = next(at for at, label in enumerate(row.labels) if label != IGNORED)
    return row.tokens[:first]


def load_data(config: TrainConfig, tokenizer: BaseTokenizer | None = None) -> TrainingData:
    """Read and tokenise the rows of a run.

    Args:
        config: The run's settings.
        tokenizer: The base model's; None opens it.

    Raises:
        TrainingDataError: There are no rows, too few, or rows that are too long.
        InputError: A line of a file is no row; names file and line.
        ConfigError: The tokenizer cannot be opened, or its template cannot render the rows.
        ModelDownloadError: The tokenizer cannot be fetched.
        BaseModelError: The base has no embeddings for some of its tokens.
    """
    folder = rows_folder(config.data)
    base = tokenizer or open_tokenizer(config.base_model)
    check_vocabulary(config.base_model, base)
    manifest = read_row_manifest(folder)
    think = rows_think(manifest)
    to_train = _read(folder / TRAIN_FILE)
    if not to_train:
        raise TrainingDataError(f"{folder / TRAIN_FILE} is empty.", fix="Compile the rows again.")
    to_validate = _read(folder / VALIDATION_FILE)
    trained = trained_on(to_validate, to_train)
    train = [encode_row(row, base, think) for row in to_train]
    validation = [encode_row(r, base, think) for r in to_validate if r.row_id not in trained]
    kept, long = _by_length(train, config)
    held, long_held = _by_length(validation, config)
    if len(kept) < LEAST_ROWS:
        raise TrainingDataError(
            f"{folder / TRAIN_FILE} has {len(kept)} rows to train on; "
            f"training needs at least {LEAST_ROWS}, and a voice some hundreds.",
            fix="Prepare more books, or longer ones.",
        )
    return TrainingData(
        tokenizer=base,
        train=kept,
        validation=held,
        dropped=(*long, *long_held),
        notices=(*_overlap(trained), *_notices(config, base, manifest, kept, held)),
        data_hash=rows_hash(folder),
    )


def check_vocabulary(base: str, tokenizer: BaseTokenizer) -> None:
    """See that a base has an embedding for each token of its tokenizer.

    Raises:
        BaseModelError: It has not: reading such a token would fail in the middle of training.
    """
    embeddings = embedding_size(base)
    last = max(tokenizer.tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if embeddings is not None and last >= embeddings:
        raise BaseModelError(
            f"The tokenizer of {base} has tokens up to number {last}, and the model embeddings "
            f"for {embeddings} tokens only, from 0.",
            fix="Get the base model again: its tokenizer and its weights are of two models.",
        )


def encode_row(row: TrainingRow, base: BaseTokenizer, think: ThinkMode | None) -> TrainRow:
    """A row's tokens; see `encode`."""
    chapter = f"{row.book_id}/{row.chapter_index}"
    return encode(row.row_id, chapter, row.messages, base, think)


def encode(
    name: str,
    chapter: str,
    messages: Sequence[Message],
    base: BaseTokenizer,
    think: ThinkMode | None,
) -> TrainRow:
    """The tokens of a prompt, which are given, and of its answer, which are learnt.

    The two are tokenised apart, as they are when the narrator is asked.

    Args:
        name: What the row is called.
        chapter: The chapter that it is from.
        messages: The prompt's messages and, last, the assistant's.
        base: The base model's tokenizer.
        think: What rows have in a think block.

    Raises:
        ConfigError: The chat template cannot render the row.
    """
    given, learnt = base.encode_row(messages, think)
    return TrainRow(
        row_id=name,
        chapter=chapter,
        tokens=(*given, *learnt),
        labels=(*[IGNORED] * len(given), *learnt),
    )


def _read(file: Path) -> tuple[TrainingRow, ...]:
    return read_rows(file) if file.is_file() else ()


def _overlap(trained: Sequence[str]) -> list[str]:
    if not trained:
        return []
    return [
        f"Left out of validation, because training has their text too, and a perplexity of what "
        f"was learnt by heart says nothing: {counted(len(trained), 'row')}, {listed(trained)}."
    ]


def _by_length(
    rows: Sequence[TrainRow], config: TrainConfig
) -> tuple[tuple[TrainRow, ...], tuple[LongRow, ...]]:
    long = tuple(
        LongRow(row.row_id, len(row.tokens)) for row in rows if len(row.tokens) > config.max_length
    )
    if long and config.over_long == "refuse":
        most = max(row.tokens for row in long)
        raise TrainingDataError(
            f"{len(long)} rows have more than max_length = {config.max_length} tokens: "
            f"{listed([f'{row.row_id} ({row.tokens})' for row in long])}. Cut to that length, "
            "they would lose the ends of their scenes.",
            fix=f"Compile the rows again for {config.base_model} with max_row_tokens = "
            f"{config.max_length}, which shortens their context; or set max_length: {most}, or "
            "over_long: drop to leave them out.",
        )
    return tuple(row for row in rows if len(row.tokens) <= config.max_length), long


def _notices(
    config: TrainConfig,
    base: BaseTokenizer,
    manifest: RowManifest | None,
    train: Sequence[TrainRow],
    validation: Sequence[TrainRow],
) -> list[str]:
    told = []
    if manifest is not None and manifest.tokenizer.fingerprint != base.fingerprint:
        told.append(
            f"The rows were counted with the tokens of {manifest.tokenizer.name}, not with those "
            f"of {config.base_model}; they were counted again."
        )
    if base.template is None:
        told.append(f"{config.base_model} brings no chat template: ChatML is taken.")
    if len(train) > 1 and len({prompt_of(row) for row in train}) == 1:
        told.append(
            "All rows have the same prompt, as rows that were prepared without a model: the "
            "adapter learns a manner, and not to follow a brief."
        )
    if not validation:
        told.append("There are no validation rows: no early stopping, and no best checkpoint.")
    if len(train) < config.rows_per_step:
        told.append(
            f"{len(train)} rows are fewer than the {config.rows_per_step} of a step: each pass "
            "is a single step."
        )
    return told


def listed(names: Sequence[str]) -> str:
    """Names for a person, the first few and how many more."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
