"""What a run learns from, by its method. Nothing here loads torch."""

from __future__ import annotations

from novelcraft.finetune.data.preferences import LabelData, PairData, load_labels, load_pairs
from novelcraft.finetune.data.rows import TrainingData, load_data
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.start_adapter import check_start

RunData = TrainingData | PairData | LabelData


def load_run_data(config: TrainConfig) -> RunData:
    """Read and tokenise the data of a run.

    Raises:
        TrainingDataError, PreferenceError: There is none, too little, or it is too long.
        InputError: A line of a file is no row.
        ConfigError: The tokenizer cannot be opened, or its template cannot render the data.
        ModelDownloadError: The tokenizer cannot be fetched.
        AdapterError: The adapter to go on from is of another base.
    """
    data = _load(config)
    check_start(config, data.tokenizer)
    return data


def _load(config: TrainConfig) -> RunData:
    match config.method:
        case "dpo":
            return load_pairs(config)
        case "kto":
            return load_labels(config)
        case _:
            return load_data(config)
