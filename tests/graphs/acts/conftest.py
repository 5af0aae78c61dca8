"""A novel of two chapters of two scenes in a database of its own; the first two are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.root import Settings
from novelcraft.graphs.acts.place import Place
from novelcraft.state.acts import Act, ActRecord, Effect, SafePoint
from novelcraft.state.manuscript import Fact
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories

PLAN = factories.plan(chapters=2, scenes_each=2)
FACTS = (
    Fact(subject="Elias Marrow", statement="He has a key."),
    Fact(subject="the sea", statement="It answers."),
)

At = Callable[..., Place]
Applied = Callable[..., ActRecord]


def note_fault(note: str) -> str:
    return "Too long." if len(note) > 40 else ""


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[ManuscriptStore]:
    """The database before there is a plan."""
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        opened.create_branch("main", head=None, plan_version=None)
        yield opened


@pytest.fixture
def store(bare: ManuscriptStore) -> ManuscriptStore:
    bare.add_plan("main", PLAN)
    first = factories.commit(1, facts=FACTS)
    bare.commit("main", first)
    bare.commit("main", factories.commit(2, first, prose="Marrow turned the key."))
    return bare


def place_in(store: ManuscriptStore, point: SafePoint = "idle", **more: Any) -> Place:
    """A safe point; the scene that is next is the third."""
    given = {"branch": "main", "settings": Settings, "note_fault": note_fault, "scene_id": "s003"}
    return Place(store=store, point=point, **{**given, **more})


@pytest.fixture
def at(store: ManuscriptStore) -> At:
    return lambda point="idle", **more: place_in(store, point, **more)


@pytest.fixture
def applied(store: ManuscriptStore) -> Applied:
    """Leaves an act as one that was applied, with what it came to."""

    def put(act: Act, point: SafePoint = "brief", **effect: Any) -> ActRecord:
        record = store.put_act(act, branch="main", by="")
        return store.finish_act(record.id, point, Effect(**effect))

    return put
