"""Workers of a shared batch on a Ray cluster.

Ray starts them, one a node unless more are asked for, and starts them again elsewhere when a node
or a worker dies. It holds nothing of the batch: which novel is whose, and how far, stands in
PostgreSQL as for any worker, so a cluster that is lost costs no more than the scenes in flight.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import ray
from ray.exceptions import RayError, RayTaskError

from novelcraft.config.load import load_settings
from novelcraft.config.user import find_user_file
from novelcraft.errors import ClusterError, InputError, NovelcraftError
from novelcraft.graphs.batch.run import usual_jobs
from novelcraft.graphs.batch.submitting import follow, submit
from novelcraft.graphs.batch.worker import BatchWorker
from novelcraft.state.batch import BatchEvent, BatchNotice
from novelcraft.state.stream import OnEvent
from novelcraft.tools.batch.shared import open_shared
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.text import counted

ANSWER_SECONDS = 5.0
"""In which a head must take a connection. Ray itself tries for two minutes before it says no."""
HEAD_LOOKS = 3
"""Looks at the head in a row that find nothing, at which it is given up."""
ENDING_SECONDS = 20.0
"""In which workers that were told to end may leave their novels to others."""


@contextmanager
def cluster(address: str | None) -> Iterator[str]:
    """Be connected to a Ray cluster; gives the address of its head.

    It sets Ray's handler of SIGTERM, so whoever has one of his own sets it inside.

    Args:
        address: HOST:PORT of a head of which this machine is a node; or `auto`, or `local`. None
            takes RAY_ADDRESS, else the cluster of this machine, else starts one of this machine
            alone.

    Raises:
        InputError: It is an address of Ray's client.
        ClusterError: Nothing answers there, or it is no cluster for this Python and Ray.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    if address and "://" in address:
        # Ray's client is not told that a task which it cancelled has ended.
        raise InputError(
            f"{address} is an address for Ray's client.",
            fix="Run this on a machine of the cluster, with --address HOST:PORT.",
        )
    named = address if address and address.rpartition(":")[2].isdigit() else None
    if named and not _answers(named):
        raise ClusterError(
            f"No Ray cluster answers at {address}.",
            fix="Start it there with: ray start --head. Or name another --address.",
        )
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError, RayError, SystemExit) as error:
        raise ClusterError(
            f"Ray cannot be used at {address or 'this machine'}: {_first_line(error)}",
            fix="All machines need the same Python and Ray, and the cluster's token where it has "
            "one: RAY_AUTH_MODE=token.",
        ) from error
    try:
        head = named or str(ray.get_runtime_context().gcs_address)
        # Ray prints what befalls its nodes, and standard output is for the result.
        with redirect_stdout(sys.stderr):
            yield head
    finally:
        ray.shutdown()


async def write_on_ray(
    url: str,
    store: BatchStore,
    head: str,
    emit: OnEvent[BatchEvent],
    *,
    workers: int | None = None,
    jobs: int | None = None,
) -> None:
    """Have workers on the connected cluster write a batch, until no novel is left to be written.

    However it ends, the workers are ended too; those that still can leave their novels to others.

    Args:
        url: The database's, as the nodes reach it.
        store: The batch's table.
        head: The cluster's, as `cluster` gave it.
        emit: Hears of what happens.
        workers: How many; one for each node that takes work by default.
        jobs: Novels in flight at each; by default as many as its servers take calls.

    Raises:
        ClusterError: The head is gone, or no worker can be run on the cluster.
        NovelcraftError: All workers ended; the last one's error.
        DatabaseGoneError: The database cannot be reached.
    """
    await submit(url, store)
    asked = workers or max(1, _nodes())
    kind = ray.remote(RayWorker).options(
        num_cpus=1, max_restarts=-1, max_task_retries=-1, scheduling_strategy="SPREAD"
    )
    places = int(ray.available_resources().get("CPU", 0))
    actors = [kind.remote() for _ in range(asked)]
    runs = [actor.run.remote(url, jobs) for actor in actors]
    emit(BatchNotice(text=f"{counted(asked, 'worker')} on the Ray cluster at {head}"))
    if places < asked:
        text = f"it has {counted(places, 'free CPU')}: the other workers wait for theirs"
        emit(BatchNotice(text=text))
    ends = [asyncio.create_task(_fault_of(run)) for run in runs]
    watching = [
        asyncio.create_task(follow(store, emit)),
        asyncio.create_task(_outlast(ends, emit)),
        asyncio.create_task(_outlast_head(head)),
    ]
    try:
        await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in watching:
            one.cancel()
        for run in runs:
            ray.cancel(run)
        await asyncio.wait(ends, timeout=ENDING_SECONDS)
    for result in await asyncio.gather(*watching, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


class RayWorker:
    """A worker on the node where Ray puts it.

    An actor whose method is a coroutine, because Ray cancels that as asyncio does. A task gets an
    interrupt instead, which did not end a worker that waited for novels.
    """

    async def run(self, url: str, jobs: int | None) -> None:
        """Write novels of a batch until cancelled; then leave them to others.

        Settings and keys are the node's own. What follows from the novels (passage indexes,
        manuscripts, exports) lies in a temporary folder.

        Raises:
            NovelcraftError: This node cannot be a worker.
        """
        settings = load_settings(None, environ=os.environ, user_file=find_user_file(os.environ))
        # A worker waits for a database that goes; one that was never there is an error.
        open_shared(url).close()
        with TemporaryDirectory(prefix="novelcraft-", ignore_cleanup_errors=True) as folder:
            worker = BatchWorker(url, Path(folder), jobs=jobs or usual_jobs(settings))
            await worker.run(lambda _event: None)


async def _fault_of(run: ray.ObjectRef) -> NovelcraftError:
    """What ended a worker for good: Ray starts it again after every other end."""
    try:
        await run
    except RayTaskError as error:
        if isinstance(error.cause, NovelcraftError):
            return error.cause
        return ClusterError(f"A worker failed: {_first_line(error.cause)}")
    except RayError as error:
        return ClusterError(f"A worker cannot be run: {_first_line(error)}")
    return ClusterError("A worker ended by itself.")


async def _outlast(ends: list[asyncio.Task[NovelcraftError]], emit: OnEvent[BatchEvent]) -> None:
    """Tell of each worker that ends.

    Raises:
        NovelcraftError: It was the last.
    """
    for end in asyncio.as_completed(ends):
        fault = await end
        emit(BatchNotice(text=f"a worker ended: {fault.message}"))
    raise fault


async def _outlast_head(head: str) -> None:
    """Look at a cluster's head again and again.

    Raises:
        ClusterError: It is gone. Ray would let its nodes die a minute later, and this process.
    """
    missed = 0
    while missed < HEAD_LOOKS:
        await asyncio.sleep(ANSWER_SECONDS)
        missed = 0 if await asyncio.to_thread(_answers, head) else missed + 1
    raise ClusterError(f"The head of the Ray cluster at {head} is gone.", fix="Start it again.")


def _answers(address: str) -> bool:
    """Whether HOST:PORT takes a connection."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS).close()
    except (OSError, OverflowError, UnicodeError):  # nothing there, no port, no host's name
        return False
    return True


def _nodes() -> int:
    """Nodes that take work."""
    return sum(node["Alive"] and node["Resources"].get("CPU", 0) >= 1 for node in ray.nodes())


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
