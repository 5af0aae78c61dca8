"""Closed lists of English words that ship with the package."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of a list in `assets/words_en.toml`."""
    file = resources.files("novelcraft.tools.metrics") / "assets" / "words_en.toml"
    listed: str = tomllib.loads(file.read_text(encoding="utf-8"))[name]
    return frozenset(listed.split())
