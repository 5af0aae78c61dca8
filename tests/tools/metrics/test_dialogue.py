"""Speech and narration."""

from __future__ import annotations

import pytest

from novelcraft.tools.metrics import narration, quote_style


@pytest.mark.parametrize(
    ("text", "style", "told"),
    [
        ("“Go,” he said. “He said ‘no.’”", "curly", ["he said."]),
        ('“Go,” he said. "Now," she said. “No.”', "curly", ["he said.", "she said."]),
        ('"Go," he said. "Now."', "straight", ["he said."]),
        ("‘Go,’ he said. ‘The dogs’ “bowl” is empty.’", "single", ["he said."]),
        ("'Go,' he said. 'Don't take the dogs' bowl.'", "straight single", ["he said."]),
        ("„Geh“, sagte er.", "low", [", sagte er."]),
        ("«Va», dit-il.", "guillemets", [", dit-il."]),
        ("「行け」と言った。", "corner", ["と言った。"]),
        ("He left. “I will not", "curly", ["He left."]),
    ],
)
def test_narration_is_what_stands_outside_speech(text: str, style: str, told: list[str]) -> None:
    found = quote_style(text)
    assert found is not None
    assert found.name == style
    assert narration(text, found) == told


@pytest.mark.parametrize("text", ["It's Elias's boat, 'tis true.", "The keepers’ boats.", ""])
def test_an_apostrophe_is_no_quotation_mark(text: str) -> None:
    assert quote_style(text) is None
    assert narration(text, None) == ([text] if text else [])
