"""How the settings are called in the environment, and what to do about misspelt names.

A role's settings start with the role's name: `NARRATOR_CONTEXT`. Its model can be given by the
role's name alone: `NARRATOR=openai:magmell-12b`. All others are `NOVELCRAFT_`, the section, the
key: `NOVELCRAFT_NOVEL_PAGES`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import get_args

from novelcraft.config.root import Key, KeyPath, keys
from novelcraft.config.settings import ROLES, Provider
from novelcraft.errors import ConfigError, UnknownRoleError

PREFIX = "NOVELCRAFT_"
_NEAR = 0.8
"""Likeness above which an unknown variable is taken for a misspelt one of ours."""


def variable(path: KeyPath) -> str:
    """The environment variable of a setting, in its long form."""
    if path[0] == "roles":
        return "_".join(path[1:]).upper()
    return PREFIX + "_".join(path).upper()


def variables() -> dict[str, Key]:
    """All variables that are read, those with less say first."""
    known = {variable(key.path): key for key in keys()}
    short = {r.upper(): known[f"{r.upper()}_MODEL"] for r in ROLES}
    return {**known, **short}


def closest(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known name that a misspelt one is most like, if any is alike enough."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)
    return found[0] if found else None


def refuse_near_misses(environ: Mapping[str, str], known: Mapping[str, Key]) -> None:
    """Refuse variables that were surely meant for us: ignoring them would hide the mistake.

    Variables that only look a little alike belong to other programs and are left alone.

    Raises:
        ConfigError: For a name that is nearly one of ours.
        UnknownRoleError: For a model given to a role that is nearly one of ours.
    """
    prefixes = (PREFIX, *(f"{r.upper()}_" for r in ROLES))
    for name, value in sorted(environ.items()):
        if name in known or not value:
            continue
        if name.startswith(prefixes):
            meant = closest(name, known, _NEAR)
            if meant and name.endswith("_API_KEY"):
                raise ConfigError(
                    f"{name} in the environment is no setting.",
                    fix=f"Give the variable a name of your own, such as MY_KEY, and set "
                    f"{name}_ENV=MY_KEY.",
                )
            if meant:
                raise ConfigError(
                    f"{name} in the environment is no setting.",
                    fix=f"Did you mean {meant}? Rename it, or unset {name}.",
                )
        elif value.partition(":")[0] in get_args(Provider):
            _refuse_misspelt_role(name, value)


def _refuse_misspelt_role(name: str, value: str) -> None:
    meant = closest(name, [r.upper() for r in ROLES], _NEAR)
    if meant:
        raise UnknownRoleError(
            f"{name}={value} in the environment names no role. Roles are {', '.join(ROLES)}.",
            fix=f"Did you mean {meant}? Rename it, or unset {name}.",
        )
