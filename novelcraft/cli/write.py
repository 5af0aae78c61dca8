"""`novelcraft write`: start a novel, or go on with one."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from novelcraft.cli.common import BranchOption, QuietOption, attended, command, say
from novelcraft.errors import FlawedBookError, PremiseError
from novelcraft.tools.text import counted, quoted

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.graphs.novel import Novel
    from novelcraft.state.events import RunFinished, WriteEvent


def write(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A premise in quotes, a file with one (.txt, .md), or a novel's folder.",
        ),
    ],
    pages: Annotated[int | None, typer.Option(help="Length of the book in pages.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of a new novel; from the premise if left out."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed gives another novel.")] = None,
    chapters: Annotated[int | None, typer.Option(help="Number of chapters.")] = None,
    attend: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE", help="Stop and ask after each: plan, chapter, scene; with commas."
        ),
    ] = None,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait at a gate for `novelcraft steer`, also unattended."),
    ] = False,
    branch: BranchOption = "main",
    until: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Stop early: plan, or a number of scenes."),
    ] = None,
    allow_failed_adapter: Annotated[
        bool,
        typer.Option("--allow-failed-adapter", help="Write with an adapter that failed the gate."),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Write a novel from a premise, or go on with one where it stopped.

    The same command again goes on: nothing that was accepted is lost or written twice. The
    last line printed is the path of the EPUB. A finished book in which scenes failed their
    checks and were kept all the same ends with the exit code 44.

    Examples:

    - `novelcraft write "A lighthouse keeper finds that the sea answers letters" --pages 100`

    - `novelcraft write my-novel`

    - `novelcraft write my-novel --attend plan,chapter`
    """
    from novelcraft.cli.target import prepare

    stop = _scenes_until(until)
    book = {"pages": pages, "seed": seed, "chapters": chapters}
    given = {key: value for key, value in book.items() if value is not None}
    work: dict[str, Any] = {}
    if attend is not None:
        work["attend"] = [gate.strip() for gate in attend.split(",")]
    if allow_failed_adapter:
        work["allow_failed_adapter"] = True
    overrides = {"novel": given, "write": work}
    folder = prepare(target, out, overrides, branch)
    wishes = ["--attend", attend] if attend is not None else []
    wishes += ["--allow-failed-adapter"] if allow_failed_adapter else []
    again = command("write", folder, *wishes, branch=branch)
    from novelcraft.graphs.novel import Novel  # after `prepare`: it takes a second to load
    from novelcraft.tools.models.opening import open_models

    models = partial(open_models, notify=say)
    with Novel.open(folder, overrides=overrides, models=models) as novel:
        _require_premise(novel)
        novel.require_planned(branch)
        if novel.is_finished(branch):
            typer.echo(f"Nothing to do: {folder} is finished.")
            finished = _last_sums(novel, branch)
        else:
            finished = _run(novel, branch, stop, quiet, again, wait=wait)
        _report(novel, branch, finished, stop, again)


def _run(
    novel: Novel, branch: str, stop: int | None, quiet: bool, again: str, *, wait: bool
) -> RunFinished | None:
    from novelcraft.cli.gates import Asker

    # The answers of a run that waits for another process are not read from what is no terminal.
    asks = bool(novel.settings.write.attend) and (
        not wait or (sys.stdin is not None and sys.stdin.isatty())
    )

    async def work(reader: Reader[WriteEvent]) -> RunFinished | None:
        with Asker(reader, novel.store, branch) if asks else nullcontext(reader) as listener:
            return await novel.write(
                branch=branch, until=stop, on_event=listener.on_event, wait=asks or wait
            )

    if not quiet:
        typer.echo(f"Writing in {novel.folder}", err=True)
    return attended(work, quiet=quiet, command=again)


def _report(
    novel: Novel, branch: str, finished: RunFinished | None, stop: int | None, again: str
) -> None:
    """Say how it ended. The last line of a finished book is the path of its EPUB.

    Raises:
        FlawedBookError: The book is finished, and holds what checks would have kept out.
    """
    from novelcraft.graphs.exporting import exports_folder
    from novelcraft.present.views import title
    from novelcraft.present.writing import summary
    from novelcraft.tools.export.terminal import kept_with_findings

    if finished is not None:
        typer.echo(title(novel, branch))
        came_to = novel.summary(branch)
        for line in (*summary(finished), *kept_with_findings(came_to)):
            typer.echo(line)
        typer.echo(f"Look at it: novelcraft show {quoted(novel.folder)}")
        exports = exports_folder(novel.folder, branch)
        epub = _newest(exports, "*.epub")
        typer.echo(str(epub) if epub else f"There is no EPUB in {exports}.")
        if came_to.flaws:
            raise _flawed(novel, came_to.flaws)
        return
    head = novel.store.branch(branch).head
    written = len(novel.store.commit_ids(head))
    if stop == 0:
        typer.echo(f"The plan is ready. Read it: novelcraft show {quoted(novel.folder)} plan")
    else:
        typer.echo(f"Stopped, with {counted(written, 'scene')} written.")
    typer.echo(f"Go on with: {again}")


def _flawed(novel: Novel, findings: int) -> FlawedBookError:
    folder = quoted(novel.folder)
    return FlawedBookError(
        f"The book is finished and exported, with {counted(findings, 'finding')} that should have "
        "kept scenes out of it.",
        fix=f"Draw such a scene again: novelcraft redraw {folder} SCENE; or say that a finding is "
        f"meant, by its key under novelcraft show {folder} findings: novelcraft exempt",
    )


def _last_sums(novel: Novel, branch: str) -> RunFinished | None:
    from novelcraft.state.events import RunFinished

    last = [entry.event for entry in novel.store.events("run_finished", branch=branch, last=1)]
    return next((event for event in last if isinstance(event, RunFinished)), None)


def _newest(folder: Path, pattern: str) -> Path | None:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime, default=None)


def _require_premise(novel: Novel) -> None:
    if not novel.settings.novel.premise.strip():
        path = novel.folder / "novel.toml"
        raise PremiseError(
            f"{path}: [novel] premise is empty.", fix=f"Say there what happens, in {path}."
        )


def _scenes_until(until: str | None) -> int | None:
    """The number of scenes after which to stop; 0 for the plan."""
    if until is None or until == "plan":
        return None if until is None else 0
    if until.isdecimal() and int(until) > 0:
        return int(until)
    raise typer.BadParameter(
        f"{until!r} is neither 'plan' nor a number of scenes.", param_hint="--until"
    )
