"""What the nodes of the training graph have done for them, as it is outside of tests.

Nothing here loads torch: training and evaluation are processes.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from novelcraft.errors import AdapterError, TrainingDataError
from novelcraft.finetune.adapters.evaluation_file import read_evaluation
from novelcraft.finetune.evaluation.material import LEAST_VALIDATION
from novelcraft.finetune.evaluation.process import EvaluationProcess
from novelcraft.finetune.planning.plan import TrainPlan
from novelcraft.finetune.planning.planner import plan_training, target_here
from novelcraft.finetune.registry.cards import register
from novelcraft.finetune.report import write_report
from novelcraft.finetune.rowfolder import rows_folder, rows_hash
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.training.process import TrainingProcess
from novelcraft.state.evaluation import AdapterCard, EvalSettings
from novelcraft.tools.books.rows.row_reader import read_rows
from novelcraft.tools.books.rows.rowfiles import VALIDATION_FILE


def plan_here(config: TrainConfig) -> TrainPlan:
    """What a run would take on this machine."""
    return plan_training(config, target_here(config))


def evaluation_settings(config: TrainConfig) -> EvalSettings:
    """How a run's adapter is evaluated on this machine.

    On a processor the probes are left out, if the settings do not say otherwise: they write as
    much again as everything else, and every word takes its time there.
    """
    device = target_here(config).device
    cpu = device is not None and device.kind == "cpu"
    probes = config.evaluation_probes
    return EvalSettings(
        words=config.evaluation_words,
        probes=not cpu if probes == "auto" else probes == "always",
        seed=config.seed,
    )


def start_training(file: Path, resume: bool) -> TrainingProcess:
    """Training in a process of its own, once it is entered."""
    return TrainingProcess(file, resume=resume)


def start_evaluation(adapter: Path, data: Path, settings: EvalSettings) -> EvaluationProcess:
    """Evaluation in a process of its own, once it is entered."""
    return EvaluationProcess(adapter, data, settings)


def why_not_evaluated(adapter: Path, config: TrainConfig, settings: EvalSettings) -> str:
    """Why an adapter is not evaluated, for a person; empty for one that is to be.

    Args:
        adapter: Its folder.
        config: The run's settings.
        settings: How it would be evaluated.

    Raises:
        TrainingDataError: The rows are gone.
    """
    try:
        rows = rows_folder(config.data)
    except TrainingDataError:
        if config.method == "sft":
            raise
        return (
            f"{config.data} holds preferences alone. To evaluate the adapter, name the data folder "
            "with the rows that its narrator was trained on: novelcraft adapter eval --data DIR."
        )
    # A damaged evaluation is made again.
    with suppress(AdapterError):
        found = read_evaluation(adapter)
        if found and found.data_hash == rows_hash(rows) and _covers(found.settings, settings):
            return "The adapter has been evaluated already."
    held = _usable(rows / VALIDATION_FILE, config)
    if held >= LEAST_VALIDATION:
        return ""
    return (
        f"{rows / VALIDATION_FILE} has {held} rows, and an evaluation needs {LEAST_VALIDATION}: "
        "the adapter is registered as not evaluated."
    )


def register_adapter(adapter: Path, config: TrainConfig) -> AdapterCard:
    """Write an adapter's card."""
    return register(adapter, base_licence=config.base_licence, books_licence=config.books_licence)


def report_adapter(adapter: Path, card: AdapterCard) -> Path | None:
    """Write the page on an adapter's evaluation; None where there is none that counts."""
    found = read_evaluation(adapter)
    if found is None or found.adapter_sha256 != card.adapter_sha256:
        return None
    return write_report(adapter, found, card=card, gate=card.gate)


def _covers(found: EvalSettings, wanted: EvalSettings) -> bool:
    """Whether an evaluation did what a run asks for, or more."""
    return found.words >= wanted.words and (found.probes or not wanted.probes)


def _usable(file: Path, config: TrainConfig) -> int:
    """Rows of a file that a run does not leave out for their length."""
    rows = read_rows(file) if file.is_file() else []
    drops = config.over_long == "drop"
    return sum(not drops or row.tokens <= config.max_length for row in rows)
