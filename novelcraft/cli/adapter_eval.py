"""`novelcraft adapter eval`: find out what an adapter is worth, and ask the gate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.adapter_common import AdapterArgument, BaseOption
from novelcraft.cli.common import QuietOption, say

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.state.evaluation import AdapterCard, EvalSettings, Evaluation
    from novelcraft.state.train_events import TrainEvent

_STOPPED = 130
"""Exit code of what a person stopped, as shells have it."""


def evaluate(
    adapter: AdapterArgument,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The data folder of its run; the one that the run names if left out.",
        ),
    ] = None,
    words: Annotated[
        int | None,
        typer.Option(min=100, help="Words that base and tuned write, each; style needs 5,000."),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Scenes that are written at once.")
    ] = None,
    probes: Annotated[
        bool, typer.Option("--probes/--no-probes", help="Run the probes, which take longest.")
    ] = True,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Another seed draws other scenes.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Evaluate anew, even if that has been done.")
    ] = False,
    name: Annotated[str, typer.Option(help="The name to register it under.")] = "",
    base_licence: Annotated[
        str, typer.Option(metavar="LICENCE", help="The base's, if its own card does not say.")
    ] = "",
    books_licence: Annotated[
        str, typer.Option("--licence", metavar="LICENCE", help="That of the training books.")
    ] = "",
    base: BaseOption = "",
    quiet: QuietOption = False,
) -> None:
    """Evaluate an adapter beside its base, hold it to the gate, and register it.

    Style, perplexity, what it has kept of its training books, probes and samples go into a
    report in the adapter's folder. It ends with exit code 68 if the adapter failed the gate.

    Examples:

    - `novelcraft adapter eval adapters/mine --data data`

    - `novelcraft adapter eval adapters/mine --no-probes --licence "public domain"`
    """
    from novelcraft.finetune.adapters.evaluation_file import read_evaluation
    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.adapters.trained import trained_on
    from novelcraft.finetune.registry.cards import register
    from novelcraft.finetune.registry.lookup import adapter_folder
    from novelcraft.state.evaluation import EvalSettings

    folder = adapter_folder(adapter.expanduser())
    read_adapter(folder)
    rows = data or trained_on(folder)
    if not again and _has_result(folder):
        say("It has been evaluated already; --again does it anew.")
    else:
        wanted = {"words": words, "batch_size": batch, "seed": seed, "probes": probes}
        given = {key: value for key, value in wanted.items() if value is not None}
        _run(folder, rows, EvalSettings.model_validate(given), base, quiet)
    card = register(
        folder, name=name, base_licence=base_licence, books_licence=books_licence, data=rows
    )
    _report(folder, card, read_evaluation(folder))


def _has_result(folder: Path) -> bool:
    """Whether the gate has an evaluation to go by."""
    from novelcraft.errors import AdapterError
    from novelcraft.finetune.registry.cards import stored_gate_result

    try:
        return stored_gate_result(folder).verdict != "not_evaluated"
    except AdapterError:
        return False  # a damaged evaluation is made again


def _run(folder: Path, rows: Path, settings: EvalSettings, base: str, quiet: bool) -> None:
    """Evaluate in a process of its own, with its progress shown.

    Raises:
        typer.Exit: It failed or was stopped, with its exit code.
    """
    import asyncio

    from novelcraft.cli.readers import reader_for
    from novelcraft.present.evaluation import EvaluationProgress
    from novelcraft.state.train_events import TrainFailed

    with reader_for(EvaluationProgress(), sys.stderr, quiet=quiet) as reader:
        last = asyncio.run(_followed(folder, rows, settings, base, reader))
    if last is None:
        raise typer.Exit(_STOPPED)
    if isinstance(last, TrainFailed):
        say(f"Error: {last.error}\n  {last.fix}")
        raise typer.Exit(last.exit_code)


async def _followed(
    folder: Path, rows: Path, settings: EvalSettings, base: str, reader: Reader[TrainEvent]
) -> TrainEvent | None:
    """Read an evaluation's events to its end. Ctrl-C stops it, a second one at once.

    Returns:
        The last event; None when it was stopped without a word.
    """
    import asyncio
    import signal

    from novelcraft.finetune.evaluation.process import EvaluationProcess
    from novelcraft.graphs.training.following import Follower

    follower = Follower()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, follower.cancel)
    process = EvaluationProcess(folder, rows, settings, base=base)
    return await follower.follow(process, reader.on_event)


def _report(folder: Path, card: AdapterCard, found: Evaluation | None) -> None:
    """Say what was found; the last two lines are the report's file and the gate's word.

    Raises:
        typer.Exit: The adapter did not pass, with the exit code of a refusal.
    """
    from novelcraft.errors import AdapterRefusedError
    from novelcraft.finetune.registry.gate import gate_advice
    from novelcraft.finetune.report import report_text, write_report
    from novelcraft.present.pipeline import VERDICTS

    if found is not None:
        page = write_report(folder, found, card=card, gate=card.gate)
        typer.echo(report_text(found, gate=card.gate))
        typer.echo(str(page))
    typer.echo(f"{card.name}: {VERDICTS[card.gate.verdict]}")
    if card.gate.verdict == "failed":
        say(f"  {gate_advice(folder, card.gate)}")
    if card.gate.verdict != "passed":
        raise typer.Exit(AdapterRefusedError.exit_code)
