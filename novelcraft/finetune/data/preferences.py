"""Pairs of scenes as they are trained: tokens, and which of them are learnt.

Prompts are tokenised as rows' are, and nothing is ever cut. Nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import PreferenceError
from novelcraft.finetune.data.preference_folder import Folder, open_folder
from novelcraft.finetune.data.rows import (
    LongRow,
    TrainingData,
    TrainRow,
    check_vocabulary,
    encode,
    listed,
    load_data,
    prompt_of,
)
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.start_adapter import check_start
from novelcraft.state.calls import Message
from novelcraft.state.preferences import PreferencePair
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer, open_tokenizer
from novelcraft.tools.pairs.files import read_pairs

LEAST_PAIRS = 8
"""Pairs below which nothing but those pairs would be learnt."""


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
class PairData:
    """All pairs of a run."""

    tokenizer: BaseTokenizer
    train: tuple[PairRow, ...]
    validation: tuple[PairRow, ...]
    dropped: tuple[LongRow, ...]
    """What was left out for its length, where the settings allow that."""
    notices: tuple[str, ...]
    """What a person should know."""
    data_hash: str
    """Of the rows that the narrator knows: those beside the pairs, or those of the adapter that
    the run starts from. An evaluation needs them. Without either, of the pairs."""
    pairs_hash: str
    """SHA-256 over the file of pairs."""
    strangers: tuple[str, ...]
    """Scenes of books, by their rows' names, that are learnt and stand in none of those rows."""

    @property
    def briefs(self) -> tuple[TrainRow, ...]:
        """Rows to write samples to, each of another prompt."""
        first: dict[tuple[int, ...], TrainRow] = {}
        for pair in self.validation:
            first.setdefault(prompt_of(pair.chosen), pair.chosen)
        return tuple(first.values())


RunData = TrainingData | PairData
"""What a run learns from, by its method."""


def load_run_data(config: TrainConfig) -> RunData:
    """Read and tokenise the data of a run.

    Raises:
        TrainingDataError, PreferenceError: There is none, too little, or it is too long.
        InputError: A line of a file is no row.
        ConfigError: The tokenizer cannot be opened, or its template cannot render the data.
        ModelDownloadError: The tokenizer cannot be fetched.
        BaseModelError: The base has no embeddings for some of its tokens.
        AdapterError: The adapter to go on from is of another base.
    """
    data = load_pairs(config) if config.method == "dpo" else load_data(config)
    check_start(config, data.tokenizer)
    return data


def load_pairs(config: TrainConfig) -> PairData:
    """Read and tokenise the pairs of a run.

    Raises:
        PreferenceError: There are no pairs, too few, some that cannot be learnt from, or some
            that are too long.
        ConfigError: The tokenizer cannot be opened, or its template cannot render the pairs.
        ModelDownloadError: The tokenizer cannot be fetched.
        BaseModelError: The base has no embeddings for some of its tokens.
    """
    folder = open_folder(config)
    base = open_tokenizer(config.base_model)
    check_vocabulary(config.base_model, base)
    pairs = read_pairs(folder.path)
    folder.check(pairs)
    strangers = folder.strangers(pairs)
    train, long = _encoded([pair for pair in pairs if not pair.held_out], base, folder, config)
    held, long_held = _encoded([pair for pair in pairs if pair.held_out], base, folder, config)
    dropped = (*long, *long_held)
    if dropped and config.over_long == "refuse":
        raise PreferenceError(
            f"{len(dropped)} pairs have more than max_length = {config.max_length} tokens: "
            f"{listed([f'{row.row_id} ({row.tokens})' for row in dropped])}. Nothing is ever cut.",
            fix=f"Set max_length: {max(row.tokens for row in dropped)}, or over_long: drop to "
            "leave them out.",
        )
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
        notices=tuple(_notices(folder, config, base, train, held, strangers)),
        data_hash=folder.rows_hash,
        pairs_hash=folder.hash,
        strangers=strangers,
    )


def _encoded(
    pairs: Sequence[PreferencePair], base: BaseTokenizer, folder: Folder, config: TrainConfig
) -> tuple[tuple[PairRow, ...], tuple[LongRow, ...]]:
    """The pairs that fit, in tokens, and those that do not."""
    rows = [
        PairRow(
            pair.pair_id,
            _scene(pair, pair.chosen, base, folder.think),
            _scene(pair, pair.rejected, base, folder.think),
        )
        for pair in pairs
    ]
    return (
        tuple(row for row in rows if row.longest <= config.max_length),
        tuple(LongRow(row.name, row.longest) for row in rows if row.longest > config.max_length),
    )


def _scene(pair: PreferencePair, text: str, base: BaseTokenizer, think: ThinkMode) -> TrainRow:
    messages = (*pair.messages, Message(role="assistant", content=text))
    return encode(pair.pair_id, pair.group, messages, base, think)


def _notices(
    folder: Folder,
    config: TrainConfig,
    base: BaseTokenizer,
    train: Sequence[PairRow],
    held: Sequence[PairRow],
    strangers: Sequence[str],
) -> list[str]:
    notices = []
    if not config.start_adapter:
        notices.append(
            "There is no start_adapter: preferences are learnt by a bare base, which has not "
            "learnt from rows."
        )
    if base.template is None:
        notices.append(f"{config.base_model} brings no chat template: ChatML is taken.")
    if not held:
        notices.append("No pair is held out: no early stopping, and no best checkpoint.")
    if len(train) < config.rows_per_step:
        notices.append(
            f"{len(train)} are fewer than the {config.rows_per_step} of a step: each pass is a "
            "single step."
        )
    if not folder.has_rows:
        notices.append(
            "There are no rows beside these pairs: to evaluate the adapter, give the data folder "
            "that the narrator was trained on."
        )
    if strangers:
        notices.append(
            f"{len(strangers)} scenes of books stand in no row that the narrator was trained on: "
            f"{listed(strangers)}. Nothing is compared with those, so the gate will call the "
            "adapter not evaluated. Collect pairs from the rows that it is evaluated on."
        )
    return notices
