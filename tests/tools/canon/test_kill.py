"""SIGKILL between any two statements, and at any moment, leaves the chain whole."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from novelcraft.errors import UnknownTargetError
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories
from tests.tools.canon.conftest import begin
from tests.tools.children import Children, write_scenes

SCENES = 2
ALL = factories.chain(150)


def new_novel(path: Path) -> Path:
    with ManuscriptStore.create(path) as store:
        begin(store)
    return path


def require_whole(store: ManuscriptStore, acknowledged: int) -> int:
    """The chain is a beginning of the story, with all that was acknowledged, and no more."""
    head = store.branch("main").head
    written = len(store.commit_ids(head))
    assert written >= acknowledged
    assert store.chain(head) == ALL[:written]
    facts = [(c.position, fact) for c in ALL[:written] for fact in c.facts]
    assert store.facts_as_of(head) == facts
    with pytest.raises(UnknownTargetError):
        store.get(ALL[written].id)
    return written


def test_before_every_single_statement(children: Children, tmp_path: Path) -> None:
    fresh = new_novel(tmp_path / "fresh.db")
    ends: list[int] = []
    code: int | None = -signal.SIGKILL
    while code == -signal.SIGKILL:
        die_at = len(ends) + 1
        path, acknowledged = tmp_path / f"{die_at}.db", tmp_path / f"{die_at}.acks"
        shutil.copy(fresh, path)
        acknowledged.touch()
        code = children.exit_code(write_scenes, path, acknowledged, SCENES, die_at)
        with ManuscriptStore.open(path) as store:
            ends.append(require_whole(store, acknowledged.stat().st_size))
            for commit in ALL[max(0, ends[-1] - 1) : SCENES]:
                store.commit("main", commit)
            assert require_whole(store, 0) == SCENES
    assert code == 0
    assert set(ends) == set(range(SCENES + 1)), "the kills fell before, between and after commits"


def test_at_random_moments(children: Children, tmp_path: Path) -> None:
    path = new_novel(tmp_path / "novel.db")
    acknowledged = tmp_path / "acks"
    acknowledged.touch()
    moments = random.Random(1)
    before = 0
    for _ in range(20):
        acknowledged.write_text("")
        writer = children.start(write_scenes, path, acknowledged, len(ALL) - 1, 0)
        while not acknowledged.stat().st_size:
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.02))
        writer.kill()
        assert writer.wait() in (0, -signal.SIGKILL)
        with ManuscriptStore.open(path) as store:
            # The first scene that a writer acknowledges was written before, and is repeated.
            before = require_whole(store, max(0, before - 1) + acknowledged.stat().st_size)
    assert before > 0
