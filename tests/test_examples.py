"""What the examples hold can be used as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.config.load import load_settings

EXAMPLES = Path(__file__).parent.parent / "examples"
PREMISES = sorted(EXAMPLES.glob("*.txt"))
HARDWARE = sorted(EXAMPLES.glob("hardware/*.toml"))


def test_there_are_premises_and_hardware_presets() -> None:
    assert len(PREMISES) >= 3
    assert len(HARDWARE) >= 3


@pytest.mark.parametrize("path", PREMISES, ids=lambda path: path.stem)
def test_a_premise_is_a_page_at_most(path: Path) -> None:
    assert 5 <= len(path.read_text(encoding="utf-8").split()) <= 275


@pytest.mark.parametrize("path", HARDWARE, ids=lambda path: path.stem)
def test_a_hardware_preset_is_valid(path: Path) -> None:
    settings = load_settings(path, environ={}, user_file=None)
    assert settings.roles.narrator.model
    for role in (settings.roles.narrator, settings.roles.reasoning, settings.roles.cheap):
        assert bool(role.base_url) == (role.provider == "openai")
