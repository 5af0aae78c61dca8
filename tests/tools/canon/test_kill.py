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
from tests.tools.canon.children import Children, write_scenes
from tests.tools.canon.conftest import begin

SCENES = 2
ALL = factories.chain(150)


def new_novel(path: Path) -> Path:
    with ManuscriptStore.create(path) as store:
        begin(store)
    return path


def require_whole(path: Path, acknowledged: int) -> int:
    """The chain is a beginning of the story, with all that was acknowledged, and no more."""
    with ManuscriptStore.open(path) as store:
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
    ends = []
    for die_at in range(1, 200):
        path, acknowledged = tmp_path / f"{die_at}.db", tmp_path / f"{die_at}.acks"
        shutil.copy(fresh, path)
        acknowledged.touch()
        code = children.exit_code(write_scenes, path, acknowledged, SCENES, die_at)
        ends.append(require_whole(path, acknowledged.stat().st_size))
        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert children.exit_code(write_scenes, path, acknowledged, SCENES, 0) == 0
        assert require_whole(path, 0) == SCENES
    assert set(ends) == set(range(SCENES + 1)), "the kills fell before, between and after commits"
    assert ends[-1] == SCENES


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
        now = require_whole(path, max(before, acknowledged.stat().st_size))
        before = now
    assert before > 0
