"""Text for a person to read."""

from __future__ import annotations

import pytest

from novelcraft.tools.text import folder_name


@pytest.mark.parametrize(
    ("premise", "name"),
    [
        (
            "A lighthouse keeper finds that the sea answers letters",
            "a-lighthouse-keeper-finds-that-the-sea",
        ),
        ("Où est l'été?", "ou-est-l-ete"),
        ("灯台守は海の", "novel"),
        ("x" * 90, "novel"),
    ],
)
def test_a_folders_name(premise: str, name: str) -> None:
    assert folder_name(premise) == name
