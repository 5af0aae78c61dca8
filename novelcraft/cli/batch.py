"""`novelcraft batch`: many novels from a file of premises."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from novelcraft.cli.common import DatabaseOption, QuietOption, command, needs_extra, say, watched
from novelcraft.errors import InputError, UnfinishedBatchError
from novelcraft.tools.text import counted

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.state.batch import BatchEntry, BatchEvent, BatchRow, Change
    from novelcraft.tools.batch.store import BatchStore


class Engine(StrEnum):
    """What starts the workers of a batch in a database."""

    RAY = "ray"


class OnRay(NamedTuple):
    """What a person may say of the workers on a Ray cluster; None for what is usual."""

    address: str | None
    workers: int | None
    jobs: int | None
    """Novels in flight at each worker."""


def batch(
    rows: Annotated[
        Path | None,
        typer.Argument(
            metavar="[ROWS]",
            help="A file with a line of JSON for each novel; left out to go on with the shelf.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The shelf: a folder for all the novels.")
    ] = Path("shelf"),
    database: DatabaseOption = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Novels in flight at once; as many as the servers take calls."),
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Have a Ray cluster start the workers of a database.")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="The Ray cluster's; this machine's by default."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Workers on the Ray cluster; one a node by default.")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0, help="What the batch may cost, by the prices of the roles."),
    ] = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Take changed rows without asking.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Say how the batch stands.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the rows as JSON, one a line.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Write many novels at once, each in a folder of its own.

    A row holds a premise and whatever a `novel.toml` can set, for that novel alone. The same
    command again takes in new rows, tries failed novels again and goes on with the others.

    Examples:

    - `novelcraft batch premises.jsonl --out shelf`

    - `novelcraft batch premises.jsonl --out shelf --jobs 4 --budget 50`

    - `novelcraft batch --out shelf --show`

    - `novelcraft batch premises.jsonl --database postgresql://studio@db/novels --out shelf`

    - `novelcraft batch premises.jsonl --database postgresql://studio@db/novels --engine ray`
    """
    from novelcraft.tools.batch.rows import read_rows, with_authored

    _require_one_way(database, engine, jobs, address, workers)
    asked = None if rows is None else read_rows(rows)
    if asked is not None and database is not None:
        asked = with_authored(asked, out)
    with _opened(out, database, new=asked is not None) as store:
        if not show:
            if asked is not None:
                _take(None if database else out, store, asked, accept_changes)
            given = [rows] if rows else []
            if database is None:
                again = command("batch", *given, "--out", out)
                _write(out, store, jobs, budget, quiet, again)
            else:
                store.reopen()
                store.set_budget(budget)
                again = command("batch", *given, "--database", "…")
                if engine is None:
                    _follow(database, store, quiet, again)
                else:
                    ray = OnRay(address, workers, jobs)
                    _follow_ray(database, store, ray, quiet, f"{again} --engine ray")
        entries = store.entries()
    if database is not None and not show:
        _bring_books(database, out, entries)
    _report(entries, as_json=as_json)
    if not show:
        _require_finished(entries)


def _require_one_way(
    database: str | None,
    engine: Engine | None,
    jobs: int | None,
    address: str | None,
    workers: int | None,
) -> None:
    """Raise InputError where the options do not go together."""
    if engine is None and (address is not None or workers is not None):
        raise InputError(
            f"{'--workers' if address is None else '--address'} is said of a Ray cluster.",
            fix="Say --engine ray with it.",
        )
    if engine is not None and database is None:
        raise InputError(
            f"--engine {engine} writes a batch that is in a database.",
            fix="Name one that each machine can reach: --database postgresql://USER@HOST/DATABASE",
        )
    if database is not None and engine is None and jobs is not None:
        raise InputError(
            "--jobs is a worker's affair where there is a database.",
            fix="Say it there: novelcraft worker --database URL --jobs N",
        )


def _opened(out: Path, database: str | None, *, new: bool) -> BatchStore:
    """The batch's table, on the shelf or in the database."""
    from novelcraft.graphs.folder import BATCH, make_shelf
    from novelcraft.tools.batch.store import BatchStore

    if database is not None:
        from novelcraft.tools.batch.shared import open_shared

        return open_shared(database)
    if not new and not (out / BATCH).is_file():
        raise InputError(
            f"{out} holds no batch.", fix="Name a file of rows: novelcraft batch ROWS --out DIR"
        )
    make_shelf(out)
    return BatchStore(out / BATCH)


def _take(out: Path | None, store: BatchStore, rows: list[BatchRow], accepted: bool) -> None:
    """Bring the rows of the file into the batch; changed ones only when a person says so."""
    from novelcraft.graphs.batch.accepting import accept

    added, changes = store.compare(rows)
    if changes and not accepted:
        _ask(changes)
    accept(out, store, added, changes)
    if added and len(added) < len(rows):
        say(f"Took in {counted(len(added), 'new row')}.")


def _ask(changes: list[Change], most: int = 20) -> None:
    for change in changes[:most]:
        say(f"{change.row.name} is changed{', and was begun' if change.begun else ''}:")
        for line in change.lines():
            say(f"  {line}")
    if len(changes) > most:
        say(f"… and {len(changes) - most} more.")
    question = f"Change {counted(len(changes), 'novel')} of the batch?"
    if not sys.stdin.isatty():
        raise InputError(
            f"{counted(len(changes), 'row')} would change what the batch has under that name.",
            fix="Say --accept-changes to take them, or set the rows as they were.",
        )
    typer.confirm(question, abort=True, err=True)


def _write(
    out: Path, store: BatchStore, jobs: int | None, budget: float | None, quiet: bool, again: str
) -> None:
    from novelcraft.config.load import load_settings
    from novelcraft.config.user import find_user_file
    from novelcraft.graphs.batch.run import Batch, usual_jobs
    from novelcraft.present.batch import BatchProgress

    entries = store.entries()
    open_ = [entry for entry in entries if entry.standing.status != "finished"]
    if not open_:
        return
    settings = load_settings(
        None,
        environ=os.environ,
        user_file=find_user_file(os.environ),
        overrides=open_[0].row.settings,
    )
    run = Batch(out, store, jobs=jobs or usual_jobs(settings), budget=budget)

    async def work(reader: Reader[BatchEvent]) -> None:
        await run.run(reader.on_event)

    watched(work, BatchProgress(entries), quiet=quiet, command=again)


def _follow(database: str, store: BatchStore, quiet: bool, again: str) -> None:
    """Have the workers on that database write the batch, and show how it goes."""
    from novelcraft.present.batch import BatchProgress

    with needs_extra("batch"):
        from novelcraft.graphs.batch.submitting import follow, submit

    async def work(reader: Reader[BatchEvent]) -> None:
        await submit(database, store)
        await follow(store, reader.on_event)

    if not quiet:
        say("Workers write it: novelcraft worker --database … on each machine.")
    watched(work, BatchProgress(store.entries()), quiet=quiet, command=again)


def _bring_books(database: str, shelf: Path, entries: list[BatchEntry]) -> None:
    """Write the books that workers finished onto this machine's shelf, unless they are there."""
    from novelcraft.graphs.batch.reading import shared_novel
    from novelcraft.graphs.exporting import MAIN
    from novelcraft.graphs.manuscript import commit_of, manuscript_path, renew_manuscript

    for entry in entries:
        if entry.standing.status != "finished":
            continue
        name = entry.row.name
        with shared_novel(database, name, shelf / name) as novel:
            branch = novel.store.branch(MAIN)
            chain = novel.store.chain(branch.head)
            text = manuscript_path(novel.folder, MAIN)
            # A book that was changed since, and finished again, is another than the one there.
            brought = text.is_file() and chain[-1].id.startswith(commit_of(text) or "none")
            if not (brought and novel.is_finished()):
                novel.export()
                plan = novel.store.plan(branch.plan_version or 1)
                if told := renew_manuscript(novel.folder, MAIN, plan, chain, novel.settings.novel):
                    say(told)


def _follow_ray(database: str, store: BatchStore, ray: OnRay, quiet: bool, again: str) -> None:
    """Have a Ray cluster run workers on that database, and show how it goes."""
    from novelcraft.present.batch import BatchProgress

    with needs_extra("ray"):
        from novelcraft.graphs.batch.ray_workers import cluster, write_on_ray

    with cluster(ray.address) as head:

        async def work(reader: Reader[BatchEvent]) -> None:
            await write_on_ray(
                database, store, head, reader.on_event, workers=ray.workers, jobs=ray.jobs
            )

        watched(work, BatchProgress(store.entries()), quiet=quiet, command=again)


def _report(entries: list[BatchEntry], *, as_json: bool) -> None:
    from novelcraft.present.batch import table

    lines = [entry.model_dump_json() for entry in entries] if as_json else table(entries)
    for line in lines:
        typer.echo(line)


def _require_finished(entries: list[BatchEntry]) -> None:
    """Raise UnfinishedBatchError where novels are left."""
    left = [entry for entry in entries if entry.standing.status != "finished"]
    if left:
        raise UnfinishedBatchError(
            f"{counted(len(left), 'novel')} of {len(entries)} not finished; the first is "
            f"{left[0].row.name}: {left[0].standing.error or left[0].standing.status}",
            fix="The same command again tries failed ones again, and goes on with the others.",
        )
