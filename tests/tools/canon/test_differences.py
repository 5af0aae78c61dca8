from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.canon.differences import applied, difference
from tests import factories

SCALARS = st.none() | st.booleans() | st.integers(2, 4) | st.text("ab", max_size=2)
THINGS = st.dictionaries(st.sampled_from("abc"), SCALARS, max_size=3)
WITH_ID = st.builds(lambda name, rest: {**rest, "id": name}, st.sampled_from("pqrs"), THINGS)
VALUES = st.recursive(
    SCALARS | st.lists(WITH_ID, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "whole", "keys"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_a_difference_makes_the_new_of_the_old_and_survives_json(old: Any, new: Any) -> None:
    stored = json.loads(json.dumps(difference(old, new)))
    assert applied(old, stored) == new


@pytest.mark.parametrize("scenes", [40, 400])
def test_a_replan_takes_the_room_of_what_it_changed(scenes: int) -> None:
    old = factories.plan(chapters=scenes // 4, scenes_each=4).model_dump(mode="json")
    new = json.loads(json.dumps(old))
    new["scenes"][7]["goal"] = "Another goal."
    new["mends"].append("A mend.")
    assert len(json.dumps(difference(old, new))) < 400
