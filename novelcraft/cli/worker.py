"""`novelcraft worker`: write novels of a batch that several machines share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.common import QuietOption, command, needs_extra, watched

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.state.batch import BatchEvent


def worker(
    database: Annotated[
        str, typer.Option(metavar="URL", help="PostgreSQL database of the batch: postgresql://…")
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="A folder of this worker's own, for its files.")
    ] = Path("worker"),
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Novels in flight at once; as many as the servers take calls."),
    ] = None,
    lease: Annotated[
        float,
        typer.Option(min=1, help="Seconds of silence after which others take its novels."),
    ] = 30.0,
    quiet: QuietOption = False,
) -> None:
    """Write novels that `novelcraft batch --database` asks for, until it is stopped.

    Start one on each machine. When one dies, or is cut off, the others go on with its novels.
    Models and keys come from this machine's own settings and environment, and from the rows.

    Examples:

    - `novelcraft worker --database postgresql://studio@db/novels --jobs 4`
    """
    from novelcraft.config.load import load_settings
    from novelcraft.config.user import find_user_file
    from novelcraft.tools.storage.files import storage_errors

    with needs_extra("batch"):
        from novelcraft.graphs.batch.worker import BatchWorker
    from novelcraft.graphs.batch.run import usual_jobs
    from novelcraft.present.batch import BatchProgress
    from novelcraft.tools.batch.shared import open_shared

    settings = load_settings(None, environ=os.environ, user_file=find_user_file(os.environ))
    with storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    with open_shared(database) as store:
        entries = store.entries()
    working = BatchWorker(database, out, jobs=jobs or usual_jobs(settings), lease=lease)

    async def work(reader: Reader[BatchEvent]) -> None:
        await working.run(reader.on_event)

    again = command("worker", "--database", "…", "--out", out)
    watched(work, BatchProgress(entries), quiet=quiet, command=again)
