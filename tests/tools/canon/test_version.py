"""Whoever reads a database over and over is told in microseconds whether it has changed."""

from __future__ import annotations

from pathlib import Path

from novelcraft.state.events import Notice
from novelcraft.tools.canon.store import ManuscriptStore


def test_a_version_moves_with_each_commit_and_with_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "novel.db"
    with ManuscriptStore.create(file) as store, ManuscriptStore.open(file) as other:
        seen = [store.version()]
        store.branches()
        other.branches()
        assert store.version() == seen[0]
        for writer in (other, store, other):
            writer.log_event(Notice(text="It rains."), "main")
            seen.append(store.version())
            assert store.version() == seen[-1]
    assert len(set(seen)) == len(seen)
