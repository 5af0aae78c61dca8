from __future__ import annotations

import pytest

from novelcraft.state.plan import Plan
from tests import factories


def test_a_plan_survives_json() -> None:
    plan = factories.plan()
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_the_hash_is_of_the_content_not_of_the_version() -> None:
    plan = factories.plan()
    assert plan.hash == plan.model_copy(update={"version": 7, "parent": 6}).hash
    assert plan.hash != plan.model_copy(update={"premise": "Another premise."}).hash


def test_parts_are_found_by_id() -> None:
    plan = factories.plan(chapters=2, scenes_each=2)
    assert plan.character("c2").name == "Anna Veil"
    assert plan.chapter("ch02").number == 2
    assert plan.hook("h1").plant_scene == "s001"
    assert plan.scene("s003").chapter == "ch02"
    assert [s.id for s in plan.scenes_of("ch02")] == ["s003", "s004"]
    assert plan.names(("c2", "c1")) == ("Anna Veil", "Elias Marrow")
    with pytest.raises(KeyError, match="s999"):
        plan.scene("s999")
