"""Load the settings: `novel.toml`, then the user file, the environment, the command line.

Each source overrules the ones before it, key by key; tables such as `sampling` are merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import InitSettingsSource

from novelcraft.config.faults import translate
from novelcraft.config.layers import (
    Layer,
    environment_layer,
    file_layer,
    override_layer,
)
from novelcraft.config.root import RolesSettings, Settings

__all__ = ["Overrides", "RolesSettings", "Settings", "load_settings"]

Overrides = Mapping[str, Mapping[str, Any]]
"""Settings from the command line, nested as the settings are."""


def load_settings(
    novel_toml: Path | None,
    *,
    environ: Mapping[str, str],
    user_file: Path | None,
    overrides: Overrides | None = None,
) -> Settings:
    """Load and check the settings of a run.

    Args:
        novel_toml: The novel's own file; None for a novel that has none yet.
        environ: The environment, usually `os.environ`.
        user_file: The person's own file, see `config.user.find_user_file`; None for none.
        overrides: What the command line gave, nested as the settings are.

    Raises:
        ConfigError: A file, key or variable cannot be used. Names file or variable, key, value,
            what is allowed and what to do.
        UnknownRoleError: A role other than reasoning, narrator and cheap.
        PagesError: A page count out of range.
        PremiseError: A premise that is no text.
    """
    layers: list[Layer] = [override_layer(overrides or {}), environment_layer(environ)]
    layers += [file_layer(path) for path in (user_file, novel_toml) if path is not None]
    sources = tuple(InitSettingsSource(Settings, layer.values) for layer in layers)
    try:
        return Settings(_build_sources=(sources, {}))
    except ValidationError as error:
        raise translate(error, layers) from error
