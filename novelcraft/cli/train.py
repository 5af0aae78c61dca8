"""`novelcraft train`: tune a base model on rows, or say what that would take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from novelcraft.cli.common import QuietOption, say
from novelcraft.errors import ConfigError, InputError

if TYPE_CHECKING:
    from novelcraft.finetune.settings.config import TrainConfig

PREVIEWED = 3
"""Rows that a preview shows."""


def train(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="CONFIG|DIR",
            help="A YAML file with the run's settings, or the data folder, as with --data.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The data folder with the rows.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The base model: a folder, or owner/name on the hub."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where checkpoints and adapter go.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would take; train nothing.")
    ] = False,
    gpu: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Plan for this accelerator, for example “RTX 4090”."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show rows, coloured by what is learnt.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint.")
    ] = False,
    books: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Prepare this book, or folder of books, first; can be given several times.",
        ),
    ] = None,
    evaluate: Annotated[
        bool | None,
        typer.Option("--eval/--no-eval", help="Whether the adapter is evaluated after training."),
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Train even what does not fit by the plan.")
    ] = False,
    licence: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The books' licence, for the adapter's card.")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Tune a base model on rows with LoRA or QLoRA, and see what came of it.

    The whole pipeline: prepare the books that are named, plan, train, evaluate, hold the adapter to
    the gate, and register it. An adapter that fails it is kept, and the exit code is 68.

    Training needs its own packages: `pip install "novelcraft[train]"`. Planning and previewing
    do not.

    Examples:

    - `novelcraft train --data data/ --base Qwen/Qwen3-8B --plan --gpu "RTX 4090"`

    - `novelcraft train --preview data/`

    - `novelcraft train --books novels/ --data data/ --base ./SmolLM2-135M`

    - `novelcraft train run.yaml`

    - `novelcraft train run.yaml --resume`
    """
    shows = [name for name, asked in (("--plan", plan), ("--preview", preview)) if asked]
    runs = [name for name, asked in (("--books", books), ("--resume", resume)) if asked]
    _refuse_mixtures(shows, runs, gpu)
    config, data = _told_apart(config, data)
    if config is None and data is not None and base is None and shows:
        base = _base_of_rows(data, preview=preview)
    given = {"data": data, "base_model": base, "output": out, "books_licence": licence}
    overrides: dict[str, Any] = {key: str(v) for key, v in given.items() if v is not None}
    if evaluate is not None:
        overrides["evaluate"] = evaluate
    settings = _settings(config, overrides)
    if plan:
        _show_plan(settings, gpu)
    elif preview:
        _show_rows(settings)
    else:
        from novelcraft.cli.train_run import train_run
        from novelcraft.finetune.stack import require_stack

        require_stack()
        file = config if config is not None and not overrides else None
        train_run(settings, file, books or [], resume=resume, anyway=anyway, quiet=quiet)


def _refuse_mixtures(shows: list[str], runs: list[str], gpu: str | None) -> None:
    """See that no option is given which would be passed over.

    Raises:
        InputError: One is.
    """
    if shows and (len(shows) > 1 or runs):
        raise InputError(
            f"{' and '.join([*shows, *runs])} do not go together: {shows[0]} trains nothing.",
            fix=f"Give {shows[0]} alone; books are prepared with `novelcraft prep`.",
        )
    if gpu and "--plan" not in shows:
        raise InputError(
            f"--gpu {gpu} says what to plan for, and --plan is missing.",
            fix="Add --plan. A run takes the accelerators that are there.",
        )


def _told_apart(config: Path | None, data: Path | None) -> tuple[Path | None, Path | None]:
    """The settings file and the data folder: a folder in the place of the file is the latter.

    Raises:
        InputError: There would be two data folders.
    """
    if config is None or not config.is_dir():
        return config, data
    if data is not None:
        raise InputError(
            f"{config} is a folder, and --data names {data}: there is one data folder to a run.",
            fix="Give one of them; settings are given as a YAML file.",
        )
    return None, config


def _base_of_rows(data: Path, *, preview: bool) -> str | None:
    """The base that rows were made for, by their manifest; None where it names none that is here.

    Rows that were made for none have the tokens of an embedded model. These can be shown, and
    nothing be planned: such a model is not trained.

    Raises:
        TrainingDataError: There are no rows.
        InputError: Their manifest cannot be read.
    """
    from novelcraft.finetune.rowfolder import rows_folder
    from novelcraft.tools.books.rows.row_reader import read_row_manifest
    from novelcraft.tools.books.rows.tokenizers import check_base
    from novelcraft.tools.models.embedded.library import ModelLibrary

    manifest = read_row_manifest(rows_folder(str(data)))
    if manifest is None:
        return None
    base = str(manifest.settings.get("base_model", ""))
    if not base and preview:
        here = {model.name: str(model.path) for model in ModelLibrary().installed()}
        base = here.get(manifest.tokenizer.name, "")
    try:
        check_base(base)
    except ConfigError:
        return None
    if base:
        say(f"The base is {base}, which the rows were made for; --base names another.")
    return base or None


def _settings(config: Path | None, overrides: dict[str, Any]) -> TrainConfig:
    from novelcraft.finetune.settings.load import load_train_config, train_config

    if config is not None:
        return load_train_config(config, overrides)
    missing = [f"--{name}" for name, key in _NEEDED.items() if key not in overrides]
    if missing:
        raise InputError(
            f"There is nothing to train: {' and '.join(missing)} is missing.",
            fix="Give a CONFIG.yaml, or a data folder and --base MODEL.",
        )
    if "output" not in overrides:
        name = Path(overrides["base_model"]).name.lower()
        overrides = {**overrides, "output": str(Path("adapters") / name)}
    return train_config(overrides)


_NEEDED = {"data": "data", "base": "base_model"}


def _show_plan(settings: TrainConfig, gpu: str | None) -> None:
    from novelcraft.finetune.planning.planner import plan_training, target_here, target_named
    from novelcraft.finetune.planning.plantext import plan_text

    target = target_named(gpu) if gpu else target_here(settings)
    typer.echo(plan_text(plan_training(settings, target)))


def _show_rows(settings: TrainConfig) -> None:
    from rich.console import Console

    from novelcraft.finetune.data.preferences import load_run_data
    from novelcraft.finetune.preview import preview_data, preview_text

    rows = preview_data(load_run_data(settings), PREVIEWED)
    Console().print(preview_text(rows), soft_wrap=True)
