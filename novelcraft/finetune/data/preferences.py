"""Preferences as they are trained: tokens, and which of them are learnt. Nothing here loads torch.

Prompts are tokenised as rows' are, and nothing is ever cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import PreferenceError
from novelcraft.finetune.data.notices import (
    balance_notices,
    run_notices,
    stranger_notices,
)
from novelcraft.finetune.data.preference_folder import open_folder
from novelcraft.finetune.data.rows import LongRow, TrainRow, encode, listed, prompt_of
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.state.calls import Message
from novelcraft.state.preferences import Judged
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer, open_tokenizer
from novelcraft.tools.pairs.files import read_labels, read_pairs

LEAST_PAIRS = 8
"""Pairs below which nothing but those pairs would be learnt."""
LEAST_LABELS = 4
"""Scenes of each kind, good and bad, that judged scenes have at least."""


@dataclass(frozen=True)
class PairRow:
    """A pair in tokens. Both rows have the same prompt."""

    name: str
    chosen: TrainRow
    rejected: TrainRow

    @property
    def longest(self) -> int:
        """Tokens of the longer of the two."""
        return max(len(self.chosen.tokens), len(self.rejected.tokens))


@dataclass(frozen=True)
class LabelRow:
    """A judged scene in tokens."""

    row: TrainRow
    desirable: bool

    @property
    def name(self) -> str:
        """What it is called."""
        return self.row.row_id

    @property
    def longest(self) -> int:
        """Its tokens."""
        return len(self.row.tokens)


R = TypeVar("R", bound=PairRow | LabelRow)


@dataclass(frozen=True)
class _Data:
    tokenizer: BaseTokenizer
    dropped: tuple[LongRow, ...]
    """What was left out for its length, where the settings allow that."""
    notices: tuple[str, ...]
    """What a person should know."""
    data_hash: str
    """Of the rows that the narrator knows: those beside the pairs, or those of the adapter that
    the run starts from. An evaluation needs them. Without either, of the pairs."""
    pairs_hash: str
    """SHA-256 over the files of preferences."""
    strangers: tuple[str, ...]
    """Scenes of books, by their rows' names, that are learnt and stand in none of those rows."""


@dataclass(frozen=True)
class PairData(_Data):
    """All pairs of a run."""

    train: tuple[PairRow, ...]
    validation: tuple[PairRow, ...]

    @property
    def briefs(self) -> tuple[TrainRow, ...]:
        """Rows to write samples to, each of another prompt."""
        return _one_a_prompt(pair.chosen for pair in self.validation)


@dataclass(frozen=True)
class LabelData(_Data):
    """All judged scenes of a run."""

    train: tuple[LabelRow, ...]
    validation: tuple[LabelRow, ...]

    @property
    def briefs(self) -> tuple[TrainRow, ...]:
        """Rows to write samples to, each of another prompt."""
        return _one_a_prompt(label.row for label in self.validation)


def load_pairs(config: TrainConfig, tokenizer: BaseTokenizer | None = None) -> PairData:
    """Read and tokenise the pairs of a run.

    Args:
        config: The run's settings.
        tokenizer: The base model's; None opens it.

    Raises:
        PreferenceError: There are no pairs, too few, some that cannot be learnt from, or some
            that are too long.
        ConfigError: The tokenizer cannot be opened, or its template cannot render the pairs.
        ModelDownloadError: The tokenizer cannot be fetched.
    """
    folder = open_folder(config)
    base = tokenizer or open_tokenizer(config.base_model)
    judged = read_pairs(folder.path)
    folder.check(judged)
    strangers = folder.strangers(judged)

    def rows(of: Iterable[Judged]) -> list[PairRow]:
        wanted = {id(one) for one in of}
        return [
            PairRow(
                pair.pair_id,
                _encode(pair.pair_id, pair, pair.chosen, base, folder.think),
                _encode(pair.pair_id, pair, pair.rejected, base, folder.think),
            )
            for pair in judged
            if id(pair) in wanted
        ]

    train, held, dropped = _divided(judged, rows, config)
    if len(train) < LEAST_PAIRS:
        raise PreferenceError(
            f"{folder.path} has {len(train)} pairs to train on; preference tuning needs at least "
            f"{LEAST_PAIRS}, and a taste some hundreds.",
            fix="Collect more with `novelcraft pairs`.",
        )
    return PairData(
        tokenizer=base,
        train=train,
        validation=held,
        dropped=dropped,
        notices=(
            *run_notices(folder, config, base, train, held),
            *stranger_notices(strangers),
        ),
        data_hash=folder.rows_hash,
        pairs_hash=folder.hash,
        strangers=strangers,
    )


def load_labels(config: TrainConfig, tokenizer: BaseTokenizer | None = None) -> LabelData:
    """Read and tokenise the judged scenes of a run: those of pairs, and those judged alone.

    Args, raises: As `load_pairs`.
    """
    folder = open_folder(config)
    base = tokenizer or open_tokenizer(config.base_model)
    pairs, labels = read_pairs(folder.path), read_labels(folder.path)
    judged: tuple[Judged, ...] = (*pairs, *labels)
    folder.check(judged)
    strangers = folder.strangers(judged)

    def rows(of: Iterable[Judged]) -> list[LabelRow]:
        wanted = {id(one) for one in of}
        sides: list[tuple[Judged, str, str, bool]] = [
            (pair, f"{pair.pair_id}/{side}", text, side == "chosen")
            for pair in pairs
            for side, text in (("chosen", pair.chosen), ("rejected", pair.rejected))
        ]
        sides += [(label, label.label_id, label.text, label.desirable) for label in labels]
        return [
            LabelRow(_encode(name, one, text, base, folder.think), desirable)
            for one, name, text, desirable in sides
            if id(one) in wanted
        ]

    train, held, dropped = _divided(judged, rows, config)
    good = sum(label.desirable for label in train)
    if min(good, len(train) - good) < LEAST_LABELS:
        raise PreferenceError(
            f"{folder.path} has {good} good and {len(train) - good} bad scenes to train on; "
            f"preference tuning needs at least {LEAST_LABELS} of each, and a taste some hundreds.",
            fix="Collect more with `novelcraft pairs`.",
        )
    if len({prompt_of(label.row) for label in train}) < 2:
        raise PreferenceError(
            f"All scenes in {folder.path} answer the same prompt.",
            fix="Collect scenes of other prompts with `novelcraft pairs`.",
        )
    return LabelData(
        tokenizer=base,
        train=train,
        validation=held,
        dropped=dropped,
        notices=(
            *run_notices(folder, config, base, train, held),
            *stranger_notices(strangers),
            *balance_notices(config, good, len(train) - good),
        ),
        data_hash=folder.rows_hash,
        pairs_hash=folder.hash,
        strangers=strangers,
    )


def _one_a_prompt(rows: Iterable[TrainRow]) -> tuple[TrainRow, ...]:
    """The first row of each prompt."""
    found: dict[tuple[int, ...], TrainRow] = {}
    for row in rows:
        found.setdefault(prompt_of(row), row)
    return tuple(found.values())


def _encode(
    name: str, judged: Judged, text: str, base: BaseTokenizer, think: ThinkMode
) -> TrainRow:
    messages = (*judged.messages, Message(role="assistant", content=text))
    return encode(name, judged.group, messages, base, think)


def _divided(
    judged: Sequence[Judged], rows: Callable[[Iterable[Judged]], list[R]], config: TrainConfig
) -> tuple[tuple[R, ...], tuple[R, ...], tuple[LongRow, ...]]:
    """What is trained on, what is held out, and what is left out for its length."""
    train = rows(one for one in judged if not one.held_out)
    held = rows(one for one in judged if one.held_out)
    long = [row for row in (*train, *held) if row.longest > config.max_length]
    if long and config.over_long == "refuse":
        raise PreferenceError(
            f"{len(long)} pairs or scenes have more than max_length = {config.max_length} tokens: "
            f"{listed([f'{row.name} ({row.longest})' for row in long])}. Nothing is ever cut.",
            fix=f"Set max_length: {max(row.longest for row in long)}, or over_long: drop to leave "
            "them out.",
        )
    return (
        tuple(row for row in train if row.longest <= config.max_length),
        tuple(row for row in held if row.longest <= config.max_length),
        tuple(LongRow(row.name, row.longest) for row in long),
    )
