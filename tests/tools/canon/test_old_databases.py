"""A novel written by the program with the first tables opens, and is all there.

`data/novel-0001.db.gz` was written by that program on the tests' fake server: five scenes of
nine, the second of them edited, so that there are two plans, three branches and a draft.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from novelcraft.state.base import content_hash
from novelcraft.state.manuscript import SceneCommit, count_words
from novelcraft.tools.canon.store import ManuscriptStore

OLD = Path(__file__).parent / "data" / "novel-0001.db.gz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "novel.db"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    return path


@pytest.fixture
def store(old: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.open(old) as opened:
        yield opened


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_every_commit_and_plan_is_what_it_was(old: Path) -> None:
    prose = dict(rows(old, "SELECT id, prose FROM commits"))
    hashes = rows(old, "SELECT version, hash FROM plans ORDER BY version")
    with ManuscriptStore.open(old) as store:
        assert {c.id: c.prose for c in store.all_commits()} == prose
        assert [(v.version, store.plan(v.version).hash) for v in store.plans()] == hashes
        assert {b.name: len(store.chain(b.head)) for b in store.branches()} == {
            "main": 5,
            "darker": 3,
            "main@d11483f8": 4,
        }


def test_words_are_counted(old: Path, store: ManuscriptStore) -> None:
    chain = store.chain(store.branch("main").head)
    assert [c.words for c in chain] == [count_words(c.prose) for c in chain]
    stored = dict(rows(old, "SELECT id, words FROM commits"))
    assert all(stored[c.id] == c.words for c in chain)


def test_a_plan_is_kept_as_what_it_changed(old: Path, store: ManuscriptStore) -> None:
    (first, _), (second, differs) = rows(
        old, "SELECT length(body), differs FROM plans ORDER BY version"
    )
    assert differs
    assert second < first
    assert store.plan(2).parent == 1


def test_drafts_keep_their_reviews(old: Path) -> None:
    query = "SELECT id, findings, continuity, summary, facts FROM drafts"
    ((name, *said, summary, facts),) = rows(old, query)
    with ManuscriptStore.open(old) as store:
        draft = store.draft(name)
    assert draft is not None
    assert [len(draft.findings or ()), len(draft.continuity or ())] == [
        len(json.loads(s)) for s in said
    ]
    assert draft.summary == summary
    assert draft.facts is not None
    assert [f.model_dump() for f in draft.facts] == json.loads(facts)


def test_recall_notes_move_to_a_table_of_their_own(old: Path) -> None:
    ((body,),) = rows(old, "SELECT body FROM plan_parts WHERE key LIKE 'recall/%s005/0'")
    with ManuscriptStore.open(old) as store:
        assert list(store.recalled("main/5939c346aaac/s005/0")) == json.loads(body)["notes"]
        assert store.plan_part("main", "plan/0/story") is not None
        store.delete_drafts("main", keep_parent=None)
    assert rows(old, "SELECT step FROM recalled") == [("main/root/s001/0",)]
    assert rows(old, "SELECT key FROM plan_parts WHERE key LIKE 'recall%'") == []


def test_the_finished_mark_moves(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        ((head,),) = connection.execute("SELECT head FROM branches WHERE name = 'main'")
        mark = (json.dumps({"head": head}),)
        connection.execute("INSERT INTO plan_parts VALUES ('main', 'finished', ?)", mark)
    with ManuscriptStore.open(old) as store:
        assert store.finished_head("main") == head
        assert store.finished_head("darker") is None
        assert store.plan_part("main", "finished") is None


def test_a_commit_made_now_has_the_id_that_it_would_have_had(store: ManuscriptStore) -> None:
    for commit in store.all_commits():
        again = SceneCommit.model_validate(commit.model_dump(exclude={"id"}))
        assert again.id == commit.id == content_hash(commit.model_dump(exclude={"id"}))
