"""Workers on a real Ray cluster of this machine: a node is killed, and its head."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from novelcraft.errors import ClusterError
from tests.fakes.process import fake_process
from tests.graphs.batch.clusters import Cluster, Machine, free_port, kill
from tests.graphs.batch.watching import epochs, held_by, require_whole, standings, wait
from tests.graphs.batch.workers import rows

pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray comes with the extra `ray`"),
]
JOBS = ("--jobs", "2")
SLOWLY = ("--script", "tests.graphs.batch.slowly:script")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path) as started:
        yield started


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def at_work(database: str) -> dict[int, list[str]]:
    """The workers that have written a scene of what they write now, with those novels."""
    pids = {s.worker.rpartition(":")[2] for s in standings(database).values() if s.worker}
    held = {int(pid): held_by(database, int(pid)) for pid in pids}
    return {pid: names for pid, names in held.items() if names}


def statuses(database: str) -> set[str]:
    return {standing.status for standing in standings(database).values()}


def test_a_node_is_killed_half_way(database: str, cluster: Cluster) -> None:
    node = cluster.add_node()
    with fake_process(*SLOWLY) as base_url:
        command = cluster.batch(database, rows(base_url, 6, pages=6), *JOBS)
        two = wait(lambda: (found := at_work(database)) and len(found) == 2 and found, cluster.logs)
        kill(node)
        dead = wait(lambda: [pid for pid in two if not alive(pid)], cluster.logs)
        orphans = [name for pid in dead for name in two[pid]]
        assert len(dead) == 1
        assert command.wait(300) == 0, cluster.logs()
    assert statuses(database) == {"finished"}
    require_whole(database, list(standings(database)))
    assert all(epochs(database)[name] > 1 for name in orphans)
    wrote = {int(s.worker.rpartition(":")[2]) for s in standings(database).values()}
    assert wrote - set(two), "Ray starts another worker for the one that is dead"
    wait(lambda: not any(map(alive, two)), cluster.logs)


def test_the_head_is_killed_and_the_same_command_finishes(
    database: str, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.add_node()
    with fake_process(*SLOWLY) as base_url:
        asked = rows(base_url, 6, pages=6)
        command = cluster.batch(database, asked, *JOBS)
        two = wait(lambda: (found := at_work(database)) and len(found) == 2 and found, cluster.logs)
        kill(cluster.head)
        before = standings(database)
        assert command.wait(120) == ClusterError.exit_code, cluster.logs()
        told = cluster.logs()
        assert f"The head of the Ray cluster at {cluster.address} is gone." in told
        assert "go on with: novelcraft batch" in told
        wait(lambda: not any(map(alive, two)), cluster.logs)
        assert all(now.scenes >= before[name].scenes for name, now in standings(database).items())
        assert statuses(database) - {"finished"}
        (tmp_path / "again").mkdir()
        with Cluster(tmp_path / "again") as other:
            assert other.batch(database, asked, *JOBS).wait(300) == 0, other.logs()
    assert statuses(database) == {"finished"}
    require_whole(database, list(before))


def test_a_stop_ends_the_workers_and_leaves_their_novels(database: str, cluster: Cluster) -> None:
    with fake_process(*SLOWLY) as base_url:
        command = cluster.batch(database, rows(base_url, 2, pages=6))
        found = wait(lambda: at_work(database), cluster.logs)
        command.terminate()
        assert command.wait(60) == 130, cluster.logs()
        assert statuses(database) == {"waiting"}
        wait(lambda: not any(map(alive, found)), cluster.logs)


def test_without_an_address_a_cluster_of_this_machine_is_started(
    database: str, tmp_path: Path
) -> None:
    with Machine(tmp_path) as machine, fake_process(*SLOWLY) as base_url:
        command = machine.batch(database, rows(base_url, 2), *JOBS)
        assert command.wait(300) == 0, machine.logs()
        assert "1 worker on the Ray cluster at " in machine.logs()
    assert statuses(database) == {"finished"}
    require_whole(database, ["n0", "n1"])


def test_a_machine_whose_settings_are_wrong_is_told(database: str, cluster: Cluster) -> None:
    Path(cluster.environ["NOVELCRAFT_CONFIG"]).write_text("[roles.narrator]\nmodle = 'x'\n")
    with fake_process(*SLOWLY) as base_url:
        command = cluster.batch(database, rows(base_url, 1))
        assert command.wait(120) == 11, cluster.logs()
        assert "a worker ended: " in cluster.logs()
        assert "modle" in cluster.logs()


def test_an_address_where_nothing_answers(database: str, cluster: Cluster) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    command = cluster.batch(database, rows("http://127.0.0.1:1", 1), "--address", nowhere)
    assert command.wait(60) == ClusterError.exit_code, cluster.logs()
    assert f"No Ray cluster answers at {nowhere}." in cluster.logs()
    assert statuses(database) == {"waiting"}
