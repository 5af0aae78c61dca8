"""Running the whole pipeline, and saying what came of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import typer

from novelcraft.cli.common import watched
from novelcraft.cli.prep_target import open_prep_project
from novelcraft.cli.readers import Reader
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.graphs.prep.project import PrepOutcome
from novelcraft.graphs.training.context import Prepare
from novelcraft.graphs.training.pipeline import PipelineOutcome, TrainingPipeline
from novelcraft.present.pipeline import PipelineProgress, verdict_lines
from novelcraft.state.prep import PrepEvent
from novelcraft.state.stream import OnEvent
from novelcraft.state.training import PipelineEvent
from novelcraft.tools.text import counted, quoted


def train_run(
    config: TrainConfig,
    file: Path | None,
    books: Sequence[Path],
    *,
    resume: bool,
    anyway: bool,
    quiet: bool,
) -> None:
    """Run the pipeline with its progress shown, and report.

    Args:
        config: The run's settings.
        file: The file that they are in; None for settings of the command line.
        books: Books to prepare first.
        resume: Go on with what is done.
        anyway: Train even what does not fit.
        quiet: Show no progress.

    Raises:
        NovelcraftError: It cannot start, or broke.
        typer.Exit: It ended otherwise than with an adapter that may write.
    """
    prepare = _preparing(config, books) if books else None
    pipeline = TrainingPipeline(config, file, prepare=prepare)
    command = _command(pipeline.file, books, anyway=anyway)

    async def work(reader: Reader[PipelineEvent]) -> PipelineOutcome:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, pipeline.cancel)
        try:
            return await pipeline.run(resume=resume, anyway=anyway, on_event=reader.on_event)
        except asyncio.CancelledError:
            # Between two processes there is nothing that would have to be saved.
            raise KeyboardInterrupt from None

    _report(watched(work, PipelineProgress(), quiet=quiet, command=command), config, command)


def _preparing(config: TrainConfig, books: Sequence[Path]) -> Prepare:
    """What prepares the books for this base, by the settings that lie in the data folder."""
    project = open_prep_project(
        Path(config.data).expanduser(), {"base_model": config.base_model}, empty=False
    )

    async def prepare(on_event: OnEvent[PrepEvent]) -> PrepOutcome:
        return await project.prepare(books, on_event=on_event)

    return prepare


def _command(file: Path, books: Sequence[Path], *, anyway: bool) -> str:
    """What a person types to go on."""
    more = [f"--books {quoted(book)}" for book in books] + ["--anyway"] * anyway
    return " ".join((f"novelcraft train {quoted(file)} --resume", *more))


def _report(ended: PipelineOutcome, config: TrainConfig, command: str) -> None:
    """Say how it ended. The last lines of a run that gave an adapter are its folder, what the gate
    says of it, and the report's page.

    Raises:
        typer.Exit: With the exit code of what went wrong, if anything did.
    """
    if ended.end == "cancelled":
        after = f" after {counted(ended.step, 'step')}" if ended.step else ""
        typer.echo(f"Stopped by you{after}. Go on with: {command}", err=True)
    elif ended.error:
        why = "".join(f"\n  - {reason}" for reason in ended.reasons)
        typer.echo(f"Error: {ended.error}{why}\n  {ended.fix}".rstrip(), err=True)
    if ended.adapter:
        typer.echo(f"The adapter is that of step {ended.best_step}, on {config.base_model}:")
        typer.echo(ended.adapter)
    if ended.end == "registered":
        typer.echo(verdict_lines(ended.verdict, () if ended.error else ended.reasons))
    if ended.report:
        typer.echo(ended.report)
    if ended.exit_code:
        raise typer.Exit(ended.exit_code)
