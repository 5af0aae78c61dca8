from __future__ import annotations

import pytest

from novelcraft.errors import UnknownTargetError
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories


def test_versions_count_up_and_the_branch_follows(store: ManuscriptStore) -> None:
    second = factories.plan(parent=1, premise="Another.")
    assert store.add_plan("main", second) == 2
    assert store.branch("main").plan_version == 2
    assert store.plan(2) == second.model_copy(update={"version": 2})
    assert [(v, parent) for v, parent, _ in store.plans()] == [(1, None), (2, 1)]


def test_versions_are_read_again_as_they_were_stored(target: str, store: ManuscriptStore) -> None:
    versions = [store.plan(1)]
    for n in range(2, 12):
        parent = versions[n // 2 - 1].version if n % 3 == 0 else n - 1  # some go back to an old one
        other = versions[parent - 1].model_copy(update={"parent": parent, "premise": f"Story {n}."})
        store.add_plan("main", other)
        versions.append(store.plan(n))
    with ManuscriptStore.open(target) as fresh:
        assert [fresh.plan(v.version) for v in reversed(versions)] == versions[::-1]
        assert [fresh.plan(v.version) for v in versions] == versions
        assert fresh.faults() == []


def test_the_same_plan_keeps_its_version(store: ManuscriptStore) -> None:
    same = factories.plan(version=7)
    assert store.add_plan("main", same) == 1
    assert store.add_plan("main", factories.plan(parent=1)) == 2
    assert store.add_plan("main", factories.plan(parent=1)) == 2
    assert store.add_plan("main", same) == 1
    assert store.branch("main").plan_version == 1


def test_a_plan_needs_its_branch(store: ManuscriptStore) -> None:
    with pytest.raises(UnknownTargetError, match="'nope'"):
        store.add_plan("nope", factories.plan(premise="New."))
    assert len(store.plans()) == 1


def test_an_unknown_version(store: ManuscriptStore) -> None:
    with pytest.raises(UnknownTargetError, match="version 9"):
        store.plan(9)


def test_parts_of_a_plan_in_the_making(store: ManuscriptStore) -> None:
    assert store.plan_part("main", "core") is None
    store.put_plan_part("main", "core", {"title": "A"})
    store.put_plan_part("main", "core", {"title": "B", "n": [1, None]})
    store.put_plan_part("main", "world", {})
    assert store.plan_part("main", "core") == {"title": "B", "n": [1, None]}
    assert store.plan_part("main", "world") == {}
