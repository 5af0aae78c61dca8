"""Sentences that come twice."""

from __future__ import annotations

import pytest

from novelcraft.tools.checks.duplicates import copied, duplicate
from novelcraft.tools.checks.loops import loop
from tests.tools.checks.fitting import fitting

LONG = "He carried it up the hundred and twelve steps inside his wet coat, slowly."
REFRAIN = "“Nothing,” said Elias."


def test_a_long_sentence_may_not_come_twice_whatever_its_punctuation() -> None:
    finding = duplicate(fitting(f"{LONG} It was late.\n\n“{LONG[:-1]}!”", name="Elias"))
    assert finding is not None
    assert finding.evidence == (f"“{LONG[:-1]}!”",)


def test_a_refrain_may() -> None:
    assert duplicate(fitting(f"{REFRAIN} It rained.\n\n{REFRAIN}", name="Elias")) is None


def test_an_earlier_scenes_sentence_may_not_come_again() -> None:
    earlier = ["It was May.", f"It was June. {LONG} He slept."]
    finding = copied(fitting(f"Elias rose. {LONG}", earlier, name="Elias"))
    assert finding is not None
    assert LONG in finding.evidence
    assert copied(fitting(f"Elias rose. {REFRAIN}", [REFRAIN], name="Elias")) is None


def test_nor_a_paragraph_of_short_sentences() -> None:
    paragraph = "He rose. He ate. It was cold. The sea was flat. Nobody came up. He slept."
    finding = copied(fitting(f"Elias rose.\n\n{paragraph}", [f"May.\n\n{paragraph}"]))
    assert finding is not None
    assert finding.evidence == (paragraph,)


def test_a_local_loop_is_found_in_a_long_scene_and_its_refrain_quoted() -> None:
    clean = " ".join(f"word{n}" for n in range(900))
    scene = fitting(f"{clean} {'and so it went on ' * 20} {clean[::-1]}", name="word1")
    finding = loop(scene)
    assert finding is not None
    assert "so it went on" in finding.evidence[0]
    assert loop(fitting(clean, name="word1")) is None


@pytest.mark.parametrize(("words", "found"), [(8, False), (9, True)])
def test_nine_words_may_not_come_twice(words: int, found: bool) -> None:
    sentence = " ".join(f"Word{n}" for n in range(words))
    assert (duplicate(fitting(f"{sentence}. It rained. {sentence}!")) is not None) == found


@pytest.mark.parametrize(("words", "found"), [(11, False), (12, True)])
def test_twelve_words_may_not_come_from_an_earlier_scene(words: int, found: bool) -> None:
    sentence = " ".join(f"word{n}" for n in range(words))
    scene = fitting(f"Elias rose. {sentence}.", [f"He slept. {sentence.upper()}…"], name="Elias")
    assert (copied(scene) is not None) == found
