"""What a batch loses when workers die, sleep and are cut off.

    python -m benchmarks.worker_faults [--pages 10] [--cut-off 60] [--lease 20]

Three workers write 12 novels on a PostgreSQL of their own. When each has written scenes, one is
killed, one is stopped past its lease and continued when others have its novels, and one is cut off
from the database for so many seconds; a fourth starts meanwhile. Then every novel is held
against its plan: all of its scenes, each once, and no commit beside them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests import postgres
from tests.graphs.batch.faulty import write_with_faults
from tests.graphs.batch.watching import require_whole
from tests.graphs.batch.workers import Workers

PATIENCE = 3_600.0


def main() -> None:
    parser = argparse.ArgumentParser(description="What a batch loses to faults of its workers.")
    parser.add_argument("--pages", type=int, default=10, help="of each novel")
    parser.add_argument("--cut-off", type=float, default=60.0, help="seconds")
    parser.add_argument("--lease", type=float, default=20.0, help="seconds")
    given = parser.parse_args()
    binaries = postgres.server_binaries()
    assert binaries is not None, "no PostgreSQL server is installed here"
    with (
        postgres.running(binaries) as url,
        tempfile.TemporaryDirectory() as folder,
        Workers(Path(folder), given.lease) as workers,
    ):
        database = postgres.new_database(url, "faults")
        start = time.monotonic()
        outcome = write_with_faults(
            database, workers, pages=given.pages, cut_off=given.cut_off, patience=PATIENCE
        )
        seconds = time.monotonic() - start
        require_whole(database, list(outcome.novels))
    novels = outcome.novels.values()
    print("| | |\n|---|---|")
    print(f"| novels | {dict(Counter(standing.status for standing in novels))} |")
    print(f"| scenes, words | {sum(s.scenes for s in novels)}, {sum(s.words for s in novels):,} |")
    print(f"| seconds | {seconds:.0f} |")
    print(f"| novels that went to another worker | {len(outcome.moved)} |")
    print("| scenes missing, twice, or beside a chain | 0 |")
    print(
        f"| scenes that the stopped worker committed in novels it had lost | {len(outcome.late)} |"
    )
    print(f"| all workers but the killed one at work in the end | {outcome.living} |")


if __name__ == "__main__":
    main()
