"""What was changed or taken out behind the program's back is named, and brought back if it can."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from novelcraft.errors import DamagedDatabaseError
from novelcraft.state.base import content_hash
from novelcraft.state.calls import CallRecord, Message
from novelcraft.state.manuscript import Fact, SceneCommit
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.integrity import Fault
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.canon.tables import commits, facts, plans
from tests import factories


@pytest.fixture
def chain(store: ManuscriptStore) -> list[SceneCommit]:
    made = factories.chain(4)
    for commit in made:
        store.commit("main", commit)
    return made


def change(target: str, number: int, **columns: object) -> None:
    """What a person does with an SQL shell."""
    database = Database(target)
    with database.write() as connection:
        connection.execute(update(commits).where(commits.c.position == number).values(columns))
    database.close()


def remove(target: str, number: int) -> None:
    """Take a commit out; references are not checked by a shell of SQLite."""
    database = Database(target)
    with database.engine.connect() as connection:
        if database.sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        own = select(commits.c.id).where(commits.c.position == number).scalar_subquery()
        connection.execute(delete(facts).where(facts.c.commit_id == own))
        connection.execute(delete(commits).where(commits.c.position == number))
        if not database.sqlite:
            connection.commit()
    database.close()


def reopened(target: str) -> ManuscriptStore:
    return ManuscriptStore.open(target)


@pytest.mark.parametrize(
    "columns",
    [
        {"prose": "Elias was gone."},
        {"summary": "He left."},
        {"findings": [{"check": "a.b", "severity": "warn", "message": "It is."}]},
        {"accepted_by": "cap"},
        {"stale": ["It was edited."]},
        {"scene_id": "s009"},
        {"provenance": factories.provenance(model="another").model_dump(mode="json")},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_a_scene_that_was_changed_is_named(
    target: str, store: ManuscriptStore, chain: list[SceneCommit], columns: dict[str, object]
) -> None:
    assert store.faults() == []
    change(target, 3, **columns)
    with reopened(target) as fresh:
        for read in (lambda: fresh.chain(chain[-1].id), lambda: fresh.get(chain[2].id)):
            with pytest.raises(DamagedDatabaseError, match=r"scene 3 .* not what was committed"):
                read()
        assert fresh.chain(chain[1].id) == chain[:2]
        assert fresh.faults() == [Fault("changed", chain[2].id, "main", 3)]
        assert {c.id for c in fresh.all_commits()} == {c.id for c in chain} - {chain[2].id}


def test_a_fact_that_was_changed_is_named(
    target: str, store: ManuscriptStore, chain: list[SceneCommit]
) -> None:
    database = Database(target)
    with database.write() as connection:
        connection.execute(
            update(facts).where(facts.c.commit_id == chain[1].id).values(statement="He has none.")
        )
    database.close()
    with reopened(target) as fresh, pytest.raises(DamagedDatabaseError, match="scene 2 "):
        fresh.facts_as_of(chain[-1].id)


def test_a_whole_chain_is_held_against_its_ids_once(
    target: str, store: ManuscriptStore, chain: list[SceneCommit]
) -> None:
    assert store.chain(chain[-1].id) == chain
    change(target, 2, prose="Elias was gone.")
    assert store.chain(chain[-1].id) == chain
    later = store.commit("main", factories.commit(5, chain[-1]))
    assert store.chain(later.id) == [*chain, later]


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_scene_that_is_missing_is_named(
    target: str, store: ManuscriptStore, chain: list[SceneCommit], number: int
) -> None:
    remove(target, number)
    missing = chain[number - 1].id
    place = "the last scene" if number == 4 else f"scene {number}"
    with reopened(target) as fresh:
        with pytest.raises(
            DamagedDatabaseError, match=f"{place} is missing: commit {missing[:12]}"
        ):
            fresh.chain(chain[-1].id)
        assert fresh.faults() == [Fault("missing", missing, "main", number % 4)]
        if number > 1:
            assert fresh.chain(chain[number - 2].id) == chain[: number - 1]


def test_a_circle_of_parents_ends(
    target: str, store: ManuscriptStore, chain: list[SceneCommit]
) -> None:
    change(target, 1, parent=chain[-1].id)
    with reopened(target) as fresh, pytest.raises(DamagedDatabaseError, match="scene 1 "):
        fresh.chain(chain[-1].id)


def test_a_commit_of_a_program_with_more_fields_is_not_taken_for_changed(
    target: str, store: ManuscriptStore
) -> None:
    """What is hashed is what was stored, not what today's models make of it."""
    commit = factories.commit()
    content = commit.model_dump(mode="json", exclude={"id"})
    del content["provenance"]["sections"]
    old = SceneCommit.model_validate(commit.model_dump() | {"id": content_hash(content)})
    store.commit("main", old)
    database = Database(target)
    with database.write() as connection:
        connection.execute(update(commits).values(provenance=content["provenance"]))
    database.close()
    with reopened(target) as fresh:
        assert fresh.faults() == []
        assert fresh.get(old.id) == old


@pytest.mark.parametrize(("column", "value"), [("hash", "0" * 64), ("body", {"premise": "x"})])
def test_a_plan_that_was_changed_is_named(
    target: str, store: ManuscriptStore, column: str, value: object
) -> None:
    store.add_plan("main", factories.plan(parent=1, premise="Another."))
    database = Database(target)
    with database.write() as connection:
        connection.execute(update(plans).where(plans.c.version == 2).values({column: value}))
    database.close()
    with reopened(target) as fresh:
        assert fresh.plan(1).version == 1
        with pytest.raises(DamagedDatabaseError, match="plan version 2 is not what was stored"):
            fresh.plan(2)
        assert fresh.faults() == [Fault("plan", "2")]


def restored(target: str, store: ManuscriptStore, commit: SceneCommit) -> bool:
    with reopened(target) as fresh:
        found = fresh.restore_commit(commit.id)
        assert (fresh.faults() == []) is found
        assert not found or fresh.get(commit.id) == commit
        return found


def test_a_scene_comes_back_from_its_draft(target: str, store: ManuscriptStore) -> None:
    draft = factories.draft(
        facts=(Fact(subject="Anna", statement="She is here."),), summary="He waits."
    )
    commit = factories.commit(
        prose=draft.prose, summary="He waits.", facts=draft.facts, provenance=draft.provenance
    )
    store.commit("main", commit)
    change(target, 1, prose="He did not wait.", summary="He left.")
    assert not restored(target, store, commit)
    store.put_draft(draft)
    store.put_draft(factories.draft(2, findings=None))  # drawn when the run was killed
    assert restored(target, store, commit)


def test_a_scene_comes_back_from_another_branch(
    target: str, store: ManuscriptStore, chain: list[SceneCommit]
) -> None:
    again = factories.commit(4, chain[2], stale=("Scene 1 was edited.",))
    store.create_branch("other", head=chain[2].id, plan_version=1)
    store.commit("other", again)
    database = Database(target)
    with database.write() as connection:
        connection.execute(
            update(commits).where(commits.c.id == again.id).values(prose="Gone.", summary="Gone.")
        )
    database.close()
    assert restored(target, store, again)


def test_prose_comes_back_from_the_log_of_calls_where_the_narrator_was_cut(
    target: str, store: ManuscriptStore
) -> None:
    prose = "Elias waited. “Is it you?”\n\nNobody said a word."
    commit = factories.commit(prose=prose)
    store.commit("main", commit)
    change(target, 1, prose="Elias left.")
    store.log_call(
        CallRecord(
            key="call-1",
            role="narrator",
            purpose="scene.narrate",
            step="main/root/s001/0/1/0",
            model="m",
            prompt_hash="",
            messages=(Message(role="assistant", content="Elias wai"),),
            sampling={},
            seed=1,
            text="ted. “Is it you?”\n\nNobody said a word. And then he",
        )
    )
    assert restored(target, store, commit)


def test_a_summary_comes_back_from_the_log_of_calls(target: str, store: ManuscriptStore) -> None:
    commit = factories.commit()
    store.commit("main", commit)
    change(target, 1, summary="He left.")
    assert not restored(target, store, commit)
    store.log_call(
        CallRecord(
            key="s",
            role="cheap",
            purpose="scene.summarize",
            step="main/root/s001/0/1/1",
            model="m",
            prompt_hash="",
            messages=(),
            sampling={},
            seed=1,
            text=json.dumps({"summary": f"  {commit.summary} "}),
        )
    )
    assert restored(target, store, commit)


def test_content_that_cannot_be_read_is_damage(path: Path) -> None:
    database = Database(path)
    with database.write() as connection:
        connection.execute(text("UPDATE commits SET findings = '[1]' WHERE position = 2"))
    database.close()
    with ManuscriptStore.open(path) as store:
        head = store.branch("main").head
        with pytest.raises(DamagedDatabaseError):
            store.chain(head)
