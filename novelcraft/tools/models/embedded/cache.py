"""Where weights are kept, for all novels and all runs of this user."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_dir

CACHE_VARIABLE = "NOVELCRAFT_CACHE"


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of all weights: `$NOVELCRAFT_CACHE`, or the user's cache. May not exist yet."""
    named = environ.get(CACHE_VARIABLE, "")
    return Path(named).expanduser() if named else Path(user_cache_dir("novelcraft"))


def models_folder(cache: Path) -> Path:
    """The folder of GGUF models, one file or link a model, named after it."""
    return cache / "models"
