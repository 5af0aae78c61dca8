"""Roles as acts have set them, over what the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from novelcraft.config.names import closest
from novelcraft.config.root import RolesSettings, Settings
from novelcraft.config.settings import BOUND_TO_MODEL, ROLES, RoleSettings
from novelcraft.errors import ConfigError, InputError, UnknownRoleError
from novelcraft.graphs.acts.in_force import merged
from novelcraft.graphs.acts.place import Place
from novelcraft.state.acts import Effect, SetRole


def set_role(act: SetRole, place: Place) -> Effect:
    """Hold what is set against the settings; the next scene is asked with it."""
    roles = place.in_force.roles
    roles[act.role] = merged(roles.get(act.role, {}), act.changes)
    with_roles(place.settings(), roles)
    return Effect(target=act.role)


def with_roles(settings: Settings, roles: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Settings with other values for roles.

    Args:
        settings: Those of the novel.
        roles: Values by role; None stands for the one that the settings give.

    Raises:
        UnknownRoleError, ConfigError: There is no such role, or it cannot be so.
    """
    if not roles:
        return settings
    given = _given(settings.roles)
    for role, changes in roles.items():
        if role not in ROLES:
            near = closest(role, ROLES)
            raise UnknownRoleError(
                f"There is no role {role!r}." + (f" Did you mean {near!r}?" if near else ""),
                fix=f"Roles are {', '.join(ROLES)}.",
            )
        given[role] = merged(given[role], _without_none(changes))
    try:
        return settings.model_copy(update={"roles": RolesSettings.model_validate(given)})
    except ValidationError as error:
        raise _unfit(error) from error


def _given(roles: RolesSettings) -> dict[str, dict[str, Any]]:
    """What was set of each role: of `cheap` without what it has from `reasoning`."""
    given: dict[str, dict[str, Any]] = {
        role: getattr(roles, role).model_dump(exclude_unset=True) for role in ROLES
    }
    reasoning, cheap = given["reasoning"], given["cheap"]
    same_model = reasoning.get("model") == cheap.get("model")
    given["cheap"] = {
        key: value
        for key, value in cheap.items()
        if reasoning.get(key) != value or not (same_model or key not in BOUND_TO_MODEL)
    }
    return given


def _without_none(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in changes.items()
        if value is not None
    }


def _unfit(error: ValidationError) -> InputError:
    first = error.errors(include_url=False)[0]
    role, *key = map(str, first["loc"])
    known = ", ".join(RoleSettings.model_fields)
    return ConfigError(
        f"[roles.{role}] {'.'.join(key)}: {first['msg']}.", fix=f"A role has: {known}."
    )
