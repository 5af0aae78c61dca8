"""Three workers on one PostgreSQL database: one killed, one stopped, one cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.errors import DiskFullError
from novelcraft.tools.batch.shared import open_shared
from tests.disk import fill
from tests.fakes.process import fake_process
from tests.graphs.batch.faulty import write_with_faults
from tests.graphs.batch.watching import PATIENCE, held_by, require_whole, standings, wait
from tests.graphs.batch.workers import Workers, rows


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    with Workers(tmp_path) as made:
        yield made


@pytest.mark.timeout(600)
def test_one_killed_one_stopped_one_cut_off(database: str, workers: Workers) -> None:
    outcome = write_with_faults(database, workers, pages=6, cut_off=0.0)
    assert {standing.status for standing in outcome.novels.values()} == {"finished"}
    require_whole(database, list(outcome.novels))
    assert outcome.living, "a worker that was cut off, or stopped, comes back"
    assert outcome.moved
    assert not outcome.late, "a worker that slept past its lease commits nothing"
    assert "The database is there again." in workers.logs()
    assert "Traceback" not in workers.logs()
    assert "error connecting" not in workers.logs()


def test_a_worker_whose_disk_is_full_ends_and_leaves_its_novels_to_others(
    database: str, workers: Workers, small_disk: Path
) -> None:
    with fake_process("--script", "tests.graphs.batch.slowly:script") as base_url:
        with open_shared(database) as store:
            store.take(rows(base_url, 2), [])
        first = workers.start(database, out=small_disk / "worker")
        wait(lambda: held_by(database, first.pid), workers.logs)
        fill(small_disk)
        assert first.wait(PATIENCE) == DiskFullError.exit_code, workers.logs()
        assert "No space left" in workers.logs()
        assert {s.status for s in standings(database).values()} <= {"waiting", "writing"}
        workers.start(database)
        wait(
            lambda: all(s.status == "finished" for s in standings(database).values()), workers.logs
        )
        require_whole(database, ["n0", "n1"])


def test_a_worker_that_is_ended_leaves_its_novels_to_others(
    database: str, workers: Workers
) -> None:
    with fake_process() as base_url:
        with open_shared(database) as store:
            store.take(rows(base_url, 2), [])
        first = workers.start(database)
        wait(lambda: held_by(database, first.pid), workers.logs)
        first.terminate()
        assert first.wait(60) == 130
        second = workers.start(database)
        wait(
            lambda: all(s.status == "finished" for s in standings(database).values()), workers.logs
        )
        require_whole(database, ["n0", "n1"])
        assert second.poll() is None
