"""`novelcraft train`: tune a base model on rows, or say what that would take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from novelcraft.cli.common import QuietOption, quoted
from novelcraft.errors import InputError

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.finetune.config import TrainConfig
    from novelcraft.state.train_events import TrainEvent, TrainFailed, TrainStopped

PREVIEWED = 3
"""Rows that a preview shows."""


def train(
    config: Annotated[
        Path | None,
        typer.Argument(metavar="CONFIG", help="A YAML file with the run's settings."),
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
    quiet: QuietOption = False,
) -> None:
    """Tune a base model on rows with LoRA or QLoRA.

    Training needs its own packages: `pip install "novelcraft[train]"`. Planning and previewing
    do not.

    Examples:

    - `novelcraft train --data data/ --base Qwen/Qwen3-8B --plan --gpu "RTX 4090"`

    - `novelcraft train --data data/ --base ./SmolLM2-135M --preview`

    - `novelcraft train run.yaml`

    - `novelcraft train run.yaml --resume`
    """
    given = {"data": data, "base_model": base, "output": out}
    overrides = {key: str(value) for key, value in given.items() if value is not None}
    settings = _settings(config, overrides)
    if plan:
        _show_plan(settings, gpu)
    elif preview:
        _show_rows(settings)
    else:
        from novelcraft.finetune.stack import require_stack

        require_stack()
        file = _written(config, settings, overrides)
        _report(_run(file, resume, quiet), settings, file)


def _settings(config: Path | None, overrides: dict[str, str]) -> TrainConfig:
    from novelcraft.finetune.load import load_train_config, train_config

    if config is not None:
        return load_train_config(config, overrides)
    missing = [f"--{name}" for name, key in _NEEDED.items() if key not in overrides]
    if missing:
        raise InputError(
            f"There is nothing to train: {' and '.join(missing)} is missing.",
            fix="Give a CONFIG.yaml, or --data DIR and --base MODEL.",
        )
    if "output" not in overrides:
        name = Path(overrides["base_model"]).name.lower()
        overrides = {**overrides, "output": str(Path("adapters") / name)}
    return train_config(overrides)


_NEEDED = {"data": "data", "base": "base_model"}


def _show_plan(settings: TrainConfig, gpu: str | None) -> None:
    from novelcraft.finetune.planning import plan_training, site_here, site_named
    from novelcraft.finetune.plantext import plan_text

    site = site_named(gpu) if gpu else site_here(settings)
    typer.echo(plan_text(plan_training(settings, site)))


def _show_rows(settings: TrainConfig) -> None:
    from rich.console import Console

    from novelcraft.finetune.dataset import load_data
    from novelcraft.finetune.preview import preview_row, preview_text

    found = load_data(settings)
    rows = [preview_row(row, found.tokenizer) for row in found.train[:PREVIEWED]]
    Console().print(preview_text(rows), soft_wrap=True)


def _written(config: Path | None, settings: TrainConfig, overrides: dict[str, str]) -> Path:
    """The file that the training process reads: the person's own, or one with all values."""
    if config is not None and not overrides:
        return config
    from io import StringIO

    from ruamel.yaml import YAML

    from novelcraft.tools.export.files import write_atomic

    text = StringIO()
    YAML(typ="safe", pure=True).dump(settings.model_dump(mode="json"), text)
    file = Path(settings.output).expanduser() / "train.yaml"
    write_atomic(file, text.getvalue().encode("utf-8"))
    return file


def _run(file: Path, resume: bool, quiet: bool) -> TrainStopped | TrainFailed:
    from novelcraft.cli.common import watched
    from novelcraft.cli.train_progress import TrainProgress

    async def work(reader: Reader[TrainEvent]) -> TrainStopped | TrainFailed:
        return await _followed(file, resume, reader)

    command = f"novelcraft train {quoted(file)} --resume"
    return watched(work, TrainProgress(), quiet=quiet, command=command)


async def _followed(
    file: Path, resume: bool, reader: Reader[TrainEvent]
) -> TrainStopped | TrainFailed:
    """Read a run's events to its end. Ctrl-C has it save and stop, a second one end at once."""
    import asyncio
    import signal

    from novelcraft.finetune.process import TrainingProcess
    from novelcraft.state.train_events import TrainFailed, TrainStopped

    last: Any = None
    async with TrainingProcess(file, resume=resume) as process:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, process.cancel)
        async for event in process.events():
            reader.on_event(event)
            last = event
    assert isinstance(last, TrainStopped | TrainFailed), "the process sees to it"
    return last


def _report(ended: TrainStopped | TrainFailed, settings: TrainConfig, file: Path) -> None:
    """Say how it ended; the last line of a run that gave one is the adapter's folder.

    Raises:
        typer.Exit: The run failed, with its exit code, or lost its numbers.
    """
    from novelcraft.finetune.worker import LOST
    from novelcraft.state.train_events import TrainFailed

    if isinstance(ended, TrainFailed):
        typer.echo(f"Error: {ended.error}\n  {ended.fix}", err=True)
        raise typer.Exit(ended.exit_code)
    typer.echo(f"{_ENDED[ended.reason]} after {ended.step} steps. {ended.detail}".rstrip())
    if ended.reason == "cancelled":
        typer.echo(f"Go on with: novelcraft train {quoted(file)} --resume")
    if ended.adapter:
        typer.echo(f"The adapter is that of step {ended.best_step}, on {settings.base_model}:")
        typer.echo(ended.adapter)
    if ended.reason == "nan":
        raise typer.Exit(LOST)


_ENDED = {
    "finished": "Finished",
    "early": "Stopped early, because validation no longer got better,",
    "cancelled": "Stopped by you",
    "nan": "Stopped, because the loss was no number any more,",
}
