"""What `serve`, `status` and `doctor` share: a person's own settings and catalogue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from novelcraft.config.load import Overrides
    from novelcraft.config.root import Settings
    from novelcraft.tools.serving.catalog import Catalog


def own_settings(overrides: Overrides | None = None, novel: Path | None = None) -> Settings:
    """The settings of a novel, or those that hold for all of them."""
    from novelcraft.config.load import load_settings
    from novelcraft.config.user import find_user_file
    from novelcraft.graphs.folder import TOML

    return load_settings(
        novel / TOML if novel else None,
        environ=os.environ,
        user_file=find_user_file(os.environ),
        overrides=overrides,
    )


def own_catalog() -> Catalog:
    """The catalogue, with the person's own file beside their `config.toml` merged over it."""
    from novelcraft.config.user import default_user_file, find_user_file
    from novelcraft.tools.serving.catalog import OWN_FILE, load_catalog

    config = find_user_file(os.environ) or default_user_file()
    return load_catalog(config.parent / OWN_FILE)
