"""Three workers write one batch: one is killed, one stopped, one cut off, all at once."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from novelcraft.state.batch import RowProgress
from novelcraft.tools.batch.shared import open_shared
from tests.fakes.process import fake_process
from tests.graphs.batch.proxy import Wire
from tests.graphs.batch.watching import PATIENCE, epochs, held_by, standings, wait
from tests.graphs.batch.workers import Workers, rows

NOVELS = 12


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    novels: dict[str, RowProgress]
    moved: list[str]
    """Novels that went from the killed worker or the stopped one to another."""
    late: list[str]
    """What the stopped worker said of scenes in novels that it had lost, when it ran again."""
    living: bool
    """Whether all but the killed worker are at work in the end."""


def write_with_faults(
    database: str, workers: Workers, *, pages: int, cut_off: float, patience: float = PATIENCE
) -> Outcome:
    """Have the batch written.

    A fourth worker takes over what the killed and the stopped one had; when it has, the stopped
    one is continued.

    Args:
        database: A new one.
        workers: Starts them.
        pages: Of each novel.
        cut_off: The least seconds that one worker does not reach the database.
        patience: Seconds after which waiting for what must come is given up.
    """
    with (
        fake_process("--script", "tests.graphs.batch.slowly:script") as base_url,
        Wire(database) as wire,
    ):
        with open_shared(database) as store:
            store.take(rows(base_url, NOVELS, pages=pages), [])
        killed, stopped, cut = (workers.start(url) for url in (database, database, wire.url))
        three = (killed, stopped, cut)
        wait(
            lambda: all(held_by(database, process.pid) for process in three), workers.logs, patience
        )
        orphans = held_by(database, killed.pid)
        killed.kill()
        asleep = held_by(database, stopped.pid)
        stopped.send_signal(signal.SIGSTOP)
        said = len(workers.log(stopped))
        wire.cut()
        since = time.monotonic()
        rescuer = workers.start(database)

        def taken_over() -> bool:
            now, there = epochs(database), standings(database)
            return all(
                now[name] > 1 or there[name].status == "finished" for name in [*orphans, *asleep]
            )

        wait(taken_over, workers.logs, patience)
        stopped.send_signal(signal.SIGCONT)
        time.sleep(max(0.0, cut_off - (time.monotonic() - since)))
        wire.mend()

        def all_ended() -> bool:
            return all(s.status not in ("waiting", "writing") for s in standings(database).values())

        wait(all_ended, workers.logs, patience)
        now = epochs(database)
        return Outcome(
            standings(database),
            [name for name in [*orphans, *asleep] if now[name] > 1],
            [line for name in asleep for line in _scenes_said(workers.log(stopped)[said:], name)],
            all(process.poll() is None for process in (stopped, cut, rescuer)),
        )


def _scenes_said(log: str, name: str) -> list[str]:
    """Scenes of a novel that a worker told of before it took it up again."""
    before, _, _ = log.partition(f"{name}: begun")
    return [line for line in before.splitlines() if f"{name}: scene " in line]
