"""What becomes of a batch that workers write, seen in its database."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from novelcraft.state.batch import RowProgress
from novelcraft.tools.batch.shared import open_novel_store, open_shared

PATIENCE = 150.0
"""Seconds after which a test gives up waiting."""


def wait(what: Callable[[], Any], told: Callable[[], str], patience: float = PATIENCE) -> Any:
    """What is first true of it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if result := what():
            return result
        time.sleep(0.2)
    raise AssertionError(told())


def standings(url: str) -> dict[str, RowProgress]:
    with open_shared(url) as store:
        return {entry.row.name: entry.standing for entry in store.entries()}


def held_by(url: str, pid: int) -> list[str]:
    """Novels with a scene or more that the worker of this process writes now."""
    return [
        name
        for name, standing in standings(url).items()
        if standing.status == "writing" and standing.scenes and standing.worker.endswith(f":{pid}")
    ]


def epochs(url: str) -> dict[str, int]:
    with open_shared(url) as store, store.database.read() as connection:
        found = connection.execute(text("SELECT name, epoch FROM batch_leases"))
        return {row.name: row.epoch for row in found}


def require_whole(url: str, names: list[str]) -> None:
    """Each novel's chain is what its plan has, no scene of it twice, and nothing beside it."""
    for number, name in enumerate(names, 1):
        store = open_novel_store(url, number, "", guard=None, idle_seconds=60)
        with store:
            chain = store.chain(store.branch("main").head)
            doubled = [s for s, times in Counter(c.scene_id for c in chain).items() if times > 1]
            assert not doubled, name
            assert [c.position for c in chain] == list(range(1, len(chain) + 1)), name
            assert {c.id for c in store.all_commits()} == {c.id for c in chain}, name
            assert store.finished_head("main") == chain[-1].id, name
