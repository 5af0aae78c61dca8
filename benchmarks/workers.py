"""How the throughput of a batch grows with its workers.

    python -m benchmarks.workers [WORKERS ...] [--novels 8] [--seconds 1.0]

The same novels are written by each number of workers (1, 2 and 4 unless others are named). They
are processes of this machine on a PostgreSQL of their own, each with one novel in hand, against the
fake server in another process, whose every answer takes a while as a model's does. Prints the
seconds of each run, the words a second, and that throughput as a ratio of the first run's. The
ratios are what to watch: the seconds are this machine's and that server's.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from novelcraft.tools.batch.shared import open_shared
from tests import postgres
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.process import fake_process
from tests.graphs.batch.workers import Workers, rows

SECONDS = "NOVELCRAFT_BENCHMARK_SECONDS"
"""Tells the server's process how long an answer takes."""


def script() -> s.Script:
    """Answers that take a while."""
    seconds = float(os.environ[SECONDS])

    def slowly(_request: ChatRequest, plain: Answer) -> Answer:
        time.sleep(seconds)
        return plain

    made = s.Script()
    made.on(s.anything, slowly)
    return made


def written(database: str, base_url: str, workers: int, novels: int) -> tuple[float, int]:
    """Seconds until all novels are finished, and their words; the workers' start is left out."""
    with tempfile.TemporaryDirectory() as folder, Workers(Path(folder)) as running:
        with open_shared(database) as batch:
            for _ in range(workers):
                running.start(database, jobs=1)
            time.sleep(5 * workers)
            start = time.monotonic()
            batch.take(rows(base_url, novels), [])
            while any(e.standing.status in ("waiting", "writing") for e in batch.entries()):
                time.sleep(0.2)
            seconds = time.monotonic() - start
            standings = [entry.standing for entry in batch.entries()]
        assert {standing.status for standing in standings} == {"finished"}, running.logs()
        return seconds, sum(standing.words for standing in standings)


def main() -> None:
    parser = argparse.ArgumentParser(description="How throughput grows with the workers.")
    parser.add_argument("workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--novels", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.0, help="that an answer takes")
    given = parser.parse_args()
    os.environ[SECONDS] = str(given.seconds)
    binaries = postgres.server_binaries()
    assert binaries is not None, "no PostgreSQL server is installed here"
    first = 0.0
    print(f"{'workers':>8}{'seconds':>10}{'words/s':>10}{'ratio':>8}")
    with (
        postgres.running(binaries) as url,
        fake_process("--script", "benchmarks.workers:script") as base_url,
    ):
        for workers in given.workers:
            database = postgres.new_database(url, f"workers_{workers}")
            seconds, words = written(database, base_url, workers, given.novels)
            first = first or words / seconds
            ratio = words / seconds / first
            print(f"{workers:>8}{seconds:>10.1f}{words / seconds:>10.1f}{ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
