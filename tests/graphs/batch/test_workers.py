"""Three workers on one PostgreSQL database: one killed, one stopped, one cut off."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.errors import DiskFullError
from novelcraft.tools.batch.shared import open_shared
from tests.disk import fill
from tests.fakes.process import fake_process
from tests.graphs.batch.proxy import Wire
from tests.graphs.batch.watching import PATIENCE, epochs, held_by, require_whole, standings, wait
from tests.graphs.batch.workers import Workers, rows


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    with Workers(tmp_path) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_killed_one_stopped_one_cut_off(
    database: str, workers: Workers, tmp_path: Path
) -> None:
    with (
        fake_process("--script", "tests.graphs.batch.slowly:script") as base_url,
        Wire(database) as wire,
    ):
        asked = rows(base_url, 12, pages=6)
        with open_shared(database) as store:
            store.take(asked, [])
        killed = workers.start(database)
        stopped = workers.start(database)
        cut = workers.start(wire.url)
        three = (killed, stopped, cut)
        wait(lambda: all(held_by(database, process.pid) for process in three), workers.logs)
        orphans = held_by(database, killed.pid)
        killed.kill()
        asleep = held_by(database, stopped.pid)
        stopped.send_signal(signal.SIGSTOP)
        wire.cut()
        # One more, so that there is somebody to take over.
        rescuer = workers.start(database)

        def taken_over() -> bool:
            now = epochs(database)
            there = standings(database)
            return all(
                now[name] > 1 or there[name].status == "finished" for name in [*orphans, *asleep]
            )

        wait(taken_over, workers.logs)
        stopped.send_signal(signal.SIGCONT)
        wire.mend()

        def all_ended() -> bool:
            return all(s.status not in ("waiting", "writing") for s in standings(database).values())

        wait(all_ended, workers.logs)
        ended = standings(database)
        assert {name: s.status for name, s in ended.items()} == dict.fromkeys(ended, "finished")
        require_whole(database, list(ended))
        assert rescuer.poll() is None
        assert cut.poll() is None, "a worker that was cut off comes back"
        assert stopped.poll() is None
        assert any(epochs(database)[name] > 1 for name in [*orphans, *asleep])


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
