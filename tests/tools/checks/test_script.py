from __future__ import annotations

import pytest

from novelcraft.tools.checks.base import Flaw
from novelcraft.tools.checks.script import script
from tests.tools.checks.fitting import fitting

PROSE = ["He went home."]


def found(lines: list[str], language: str = "en") -> Flaw | None:
    scene = fitting("\n".join(lines), name="Elias")
    object.__setattr__(scene, "plan", scene.plan.model_copy(update={"language": language}))
    return script(scene)


@pytest.mark.parametrize(
    "cue",
    ["Elias: Go.", "Elias Marrow (softly): Go.", "Madame Le Goff Senior: Go.", "Mr. O'Hara-B:"],
)
def test_three_lines_of_a_play_are_a_script(cue: str) -> None:
    flaw = found([cue] * 3 + PROSE * 5)
    assert flaw is not None
    assert flaw.message == "3 of 8 lines are a script's or a list's."
    assert flaw.evidence == (cue,)
    assert found([cue] * 2 + PROSE) is None


@pytest.mark.parametrize(
    "line", ["He said: go.", "One Two Three Four Five: go.", "At 10:30 he went."]
)
def test_a_colon_elsewhere_is_prose(line: str) -> None:
    assert found([line] * 5) is None


def test_a_few_lines_in_a_long_scene_are_none() -> None:
    cues = ["Elias: Go."] * 3
    assert found(cues + PROSE * 17) is not None
    assert found(cues + PROSE * 18) is None
    assert found([*cues, *PROSE * 17, "* * *", "---"]) is not None, "ornaments are no lines"


def test_a_dash_is_a_list_in_english_and_speech_elsewhere() -> None:
    lines = ["- Go.", "• Go.", "* Go."]
    assert found(lines) is not None
    assert found(lines, "fr") is None
