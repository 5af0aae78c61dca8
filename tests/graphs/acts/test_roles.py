"""Roles as acts have set them, over what the settings say."""

from __future__ import annotations

from typing import Any

import pytest

from novelcraft.config.root import Settings
from novelcraft.errors import ConfigError, UnknownRoleError
from novelcraft.graphs.acts.roles import set_role, with_roles
from novelcraft.state.acts import Effect, SetRole
from tests.graphs.acts.conftest import Applied, At

MODEL = {"model": "openai:large", "base_url": "http://127.0.0.1:1"}


def settings(**roles: dict[str, Any]) -> Settings:
    return Settings.model_validate({"roles": roles})


def test_without_acts_the_settings_are_what_they_were() -> None:
    given = settings(reasoning=MODEL)
    assert with_roles(given, {}) is given


def test_a_role_is_changed_key_by_key_and_none_is_what_the_settings_give() -> None:
    given = settings(narrator={**MODEL, "sampling": {"top_p": 0.5, "min_p": 0.1}})
    changes = {"sampling": {"top_p": 0.7, "min_p": None}, "base_url": None, "think": False}
    made = with_roles(given, {"narrator": changes}).roles
    assert (made.narrator.name, made.narrator.base_url) == ("large", MODEL["base_url"])
    assert made.narrator.sampling == {"top_p": 0.7, "min_p": 0.1}
    assert made.narrator.think is False
    assert made.reasoning == given.roles.reasoning


def test_the_cheap_role_goes_with_the_reasoning_one_but_for_what_is_its_own() -> None:
    reasoning = {**MODEL, "think": False, "timeout": 20.0}
    changes = {"reasoning": {"base_url": "http://127.0.0.1:2", "think": True}}
    same = with_roles(settings(reasoning=reasoning), changes).roles.cheap
    assert (same.name, same.base_url, same.think) == ("large", "http://127.0.0.1:2", True)
    assert same.timeout == 20
    own = {"model": "openai:small", "think": False, "timeout": 10.0}
    kept = with_roles(settings(reasoning=reasoning, cheap=own), changes).roles.cheap
    assert (kept.name, kept.base_url, kept.think) == ("small", "http://127.0.0.1:2", False)
    assert kept.timeout == 10


def test_a_role_that_is_not_there_is_named_with_the_nearest() -> None:
    for role, near in (("narator", " Did you mean 'narrator'?"), ("x", "")):
        with pytest.raises(UnknownRoleError) as raised:
            with_roles(settings(), {role: {"think": True}})
        assert raised.value.message == f"There is no role {role!r}.{near}"


def test_a_key_that_a_role_has_not_is_named_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"^\[roles\.narrator\] fallback\.0: ") as raised:
        with_roles(settings(), {"narrator": {"fallback": [7]}})
    assert raised.value.fix is not None
    assert "model, " in raised.value.fix


def test_what_is_set_is_held_against_what_was_set_before(at: At, applied: Applied) -> None:
    applied(SetRole(role="narrator", changes=MODEL))
    place = at(settings=settings)
    done = set_role(SetRole(role="narrator", changes={"context": 4096}), place)
    assert done == Effect(target="narrator")
    with pytest.raises(ConfigError, match=r"narrator.*context"):
        set_role(SetRole(role="narrator", changes={"context": -1}), place)
    applied(SetRole(role="cheap", changes={"context": -1}))
    with pytest.raises(ConfigError, match=r"cheap.*context"):
        set_role(SetRole(role="narrator", changes={"context": 4096}), place)
