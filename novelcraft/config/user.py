"""Where a person's own settings live."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_config_path

from novelcraft.errors import ConfigError

CONFIG_VARIABLE = "NOVELCRAFT_CONFIG"


def default_user_file() -> Path:
    """The place of the user file on this system, whether or not there is one."""
    return user_config_path("novelcraft") / "config.toml"


def find_user_file(environ: Mapping[str, str]) -> Path | None:
    """The person's settings file, which holds for all their novels.

    Args:
        environ: The environment; `NOVELCRAFT_CONFIG` names another file than the usual one.

    Returns:
        The file, or None when there is none at the usual place.

    Raises:
        ConfigError: If `NOVELCRAFT_CONFIG` names a file that is not there.
    """
    named = environ.get(CONFIG_VARIABLE, "")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise ConfigError(
                f"{CONFIG_VARIABLE} names {named}, and there is no such file.",
                fix=f"Create it, or unset {CONFIG_VARIABLE}.",
            )
        return path
    usual = default_user_file()
    return usual if usual.is_file() else None
