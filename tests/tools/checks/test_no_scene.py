from __future__ import annotations

from dataclasses import replace

import pytest

from novelcraft.tools.checks.base import CheckInput
from novelcraft.tools.checks.no_scene import language, refusal, script_of, thinking
from tests.tools.checks.fitting import fitting


def scene(prose: str, tag: str = "en") -> CheckInput:
    given = fitting(prose, name="Elias")
    return replace(given, plan=given.plan.model_copy(update={"language": tag}))


@pytest.mark.parametrize(
    ("tag", "script"),
    [
        *(("en", "Latn"), ("EN-gb", "Latn"), ("zh", "Hans"), ("ja", "Jpan"), ("uk", "Cyrl")),
        *(("zh-Hant", "Hant"), ("sr_latn", "Latn"), ("sr-Cyrl-RS", "Cyrl"), ("sr", ""), ("x", "")),
    ],
)
def test_the_script_of_a_language(tag: str, script: str) -> None:
    assert script_of(tag) == script


@pytest.mark.parametrize(
    ("latin", "cyrillic", "found"), [(20, 20, False), (19, 21, True), (0, 39, False), (0, 40, True)]
)
def test_half_of_forty_letters_are_of_the_language_s_script(
    latin: int, cyrillic: int, found: bool
) -> None:
    given = scene("1 " * 30 + "a" * latin + " " + "д" * cyrillic)
    flaw = language(given)
    assert (flaw is not None) == found
    if flaw:
        share = round(100 * latin / (latin + cyrillic))
        assert f"language, en: {share}% of its letters are." in flaw.message
        assert (flaw.about, flaw.evidence) == ("s001", (given.prose.strip(),))
    assert language(replace(given, plan=given.plan.model_copy(update={"language": "sr"}))) is None


def test_a_refusal_shows_in_the_first_sentence_or_names_itself_anywhere() -> None:
    begins = "I cannot write this scene."
    assert refusal(scene(f"{begins} The sea was quiet.")) is not None
    assert refusal(scene(f"The sea was quiet. {begins}")) is None
    as_an_ai = "As an AI, I have no lamp."
    flaw = refusal(scene(f"The sea was quiet. {as_an_ai}"))
    assert flaw is not None
    assert flaw.evidence == (as_an_ai,)
    assert refusal(scene(f"“{as_an_ai}” he read aloud.")) is None


def test_thinking_aloud_shows_in_the_first_three_sentences() -> None:
    aloud = "The user wants a storm."
    quiet = "The sea was quiet. "
    flaw = thinking(scene(f"{quiet * 2}{aloud}"))
    assert flaw is not None
    assert flaw.evidence == (aloud,)
    assert thinking(scene(f"{quiet * 3}{aloud}")) is None
    assert thinking(scene(f"{quiet * 9}</think>")) is not None
