"""The jobs of a shared batch: Procrastinate's, in the batch's own database.

A job says that a novel is to be written; its lock is the novel. Which worker really may write is
the lease's business, and how far a novel is the table's: a job that is lost, doubled or noted
wrongly costs a look at both.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException, UniqueViolation
from procrastinate.jobs import Job, Status
from sqlalchemy import text

from novelcraft.tools.batch.shared import SCHEMA, free_novels, schema_url
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.canon.engine import database_url

NOVELS = "novels"
UPKEEP = "upkeep"
"""The two queues: novels, and what keeps their jobs going."""
WRITE = "novelcraft.write"
RETRY_SECONDS = 2
"""After which a job is tried again that could not be done for a reason outside of its novel."""


class _Again(BaseRetryStrategy):
    """Whatever ended a job without an end of its novel, it is tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        del exception, job
        return RetryDecision(retry_in={"seconds": RETRY_SECONDS})


def make_app(
    url: str, store: BatchStore, write: Callable[[str], Awaitable[None]], stalled: float
) -> App:
    """Procrastinate over a batch's database, with our two tasks.

    Args:
        url: The database's.
        store: The batch's table.
        write: Writes the novel of a name.
        stalled: Seconds without a heartbeat after which a worker's jobs are given to others.
    """
    target = database_url(schema_url(url, SCHEMA)).set(drivername="postgresql")
    app = App(
        connector=PsycopgConnector(
            conninfo=target.render_as_string(hide_password=False), min_size=1, timeout=10
        )
    )

    @app.task(name=WRITE, queue=NOVELS, retry=_Again())
    async def write_novel(name: str) -> None:
        await write(name)

    @app.periodic(cron="* * * * * */5")
    @app.task(name="novelcraft.upkeep", queue=UPKEEP, queueing_lock="upkeep")
    async def upkeep(timestamp: int) -> None:
        del timestamp
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled):
            await _give_back(app, job)
        await put_jobs(app, store)

    return app


async def _give_back(app: App, job: Job) -> None:
    """Let another worker have a job whose worker is silent."""
    try:
        await app.job_manager.retry_job(job)
    except (AlreadyEnqueued, UniqueViolation):
        # The novel has a job that waits for this one's lock: let it go.
        assert job.id is not None
        await app.job_manager.finish_job_by_id_async(
            job_id=job.id, status=Status.FAILED, delete_job=True
        )


async def put_jobs(app: App, store: BatchStore) -> None:
    """See that each novel which is to be written, and which nobody holds, has a job."""
    with store.database.read() as connection:
        jobs = text("SELECT lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        locks = set(connection.execute(jobs).scalars())
    for name in free_novels(store):
        if name in locks:
            continue
        task = app.configure_task(WRITE, lock=name, queueing_lock=name, queue=NOVELS)
        try:
            await task.defer_async(name=name)
        except AlreadyEnqueued:
            continue


def quieten(loop: asyncio.AbstractEventLoop) -> None:
    """Keep tracebacks of jobs, and of attempts to connect, from the person.

    A job whose note cannot be written, because the database is gone or another worker has it, is
    no fault that anybody could mend: the novel gets a job again. A program that sets up logging
    still hears what Procrastinate and psycopg say of it.
    """
    for speaks in ("procrastinate", "psycopg"):
        logging.getLogger(speaks).addHandler(logging.NullHandler())

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), ProcrastinateException):
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)


async def make_tables(app: App, store: BatchStore) -> None:
    """Make Procrastinate's tables, unless they are there."""
    with store.database.read() as connection:
        there = connection.execute(text(f"SELECT to_regclass('{SCHEMA}.procrastinate_jobs')"))
        if there.scalar() is not None:
            return
    await app.schema_manager.apply_schema_async()
