"""The documented settings are the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.config.names import variables
from novelcraft.config.reference import renew, settings_tables

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert renew(text) == text, "run: python -m novelcraft.config.reference docs/settings.md"


def test_every_variable_is_in_the_tables() -> None:
    tables = settings_tables()
    for name in variables():
        role, _, field = name.partition("_")
        shown = f"ROLE_{field}" if not name.startswith("NOVELCRAFT_") and field else name
        if field or name.startswith("NOVELCRAFT_"):
            assert f"`{shown}`" in tables, role


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        renew("# Settings\n")
