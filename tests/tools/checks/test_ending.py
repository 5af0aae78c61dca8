"""Empty, cut off, too short or too long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from novelcraft.config.presets import SMALL
from novelcraft.state.calls import ONLY_THOUGHT
from novelcraft.tools.checks import check_scene
from novelcraft.tools.checks.ending import cut_off, empty, filtered, length, short
from tests.tools.checks.fitting import fitting

PRESET = replace(SMALL, length_block=(0.6, 1.4))


@pytest.mark.parametrize("prose", ["", " \n\n ", "…", "* * *"])
def test_no_words_are_an_empty_scene(prose: str) -> None:
    assert empty(fitting(prose, name="Elias")) is not None
    assert [f.check for f in check_scene(fitting(prose, name="Elias"))] == ["prose.empty"]


@pytest.mark.parametrize(
    "end",
    [
        "He went home.",
        "“Did he?”",
        "“But I—”",
        "He waited …",
        "He said “yes.”)",
        "*He went.*",
        "He went.\n\n* * *",
        "他走了。",
        "»Ja!«",
    ],
)
def test_a_whole_sentence_ends_a_scene(end: str) -> None:
    assert cut_off(fitting(f"Elias rowed. {end}")) is None


@pytest.mark.parametrize(
    "end", ["He went", "He went,", "He said:", "He said “yes", "TO THE", "wet-"]
)
def test_anything_else_is_cut_off_and_quoted(end: str) -> None:
    finding = cut_off(fitting(f"Elias rowed. {end}"))
    assert finding is not None
    assert finding.evidence[0].endswith(end)


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("stop", False),
        ("length_reached", False),
        ("length", True),
        ("too_long", True),
        ("repetition", True),
    ],
)
def test_the_reason_to_stop_counts_even_after_a_whole_sentence(reason: str, found: bool) -> None:
    assert bool(cut_off(fitting("Elias rowed home.", finish_reason=reason))) == found


def test_a_content_filter_leaves_no_scene_however_whole_it_looks() -> None:
    assert filtered(fitting("Elias rowed home.", finish_reason="content_filter")) is not None
    assert filtered(fitting("Elias rowed home.")) is None


@pytest.mark.parametrize(
    ("words", "found"), [(59, short), (60, None), (100, None), (140, None), (141, length)]
)
def test_length_blocks_outside_the_presets_bounds(words: int, found: object) -> None:
    scene = fitting("sea " * words, name="sea", preset=PRESET, target_words=100)
    assert [check for check in (short, length) if check(scene)] == ([found] if found else [])


def test_length_says_what_to_do() -> None:
    few = short(fitting("The sea.", name="sea", preset=PRESET, target_words=600))
    many = length(fitting("sea " * 900, name="sea", preset=PRESET, target_words=600))
    assert few is not None
    assert many is not None
    assert few.constraint == "Write the scene out in full, as long as is asked."
    assert many.constraint == "End the scene at the length that is asked."
    assert "2 words" in few.message


def test_what_is_missing_is_told_and_the_end_quoted() -> None:
    long = "It was late. " * 30
    whole = f"{long}He went."
    for check, scene, message in (
        (cut_off, fitting(f"{long}He went", name="It"), "its last sentence has no end"),
        (
            cut_off,
            fitting(whole, finish_reason="too_long"),
            "it did not come to an end",
        ),
        (filtered, fitting(whole, finish_reason="content_filter"), "content filter"),
        (length, fitting(whole, preset=PRESET, target_words=10), "has 92 words"),
    ):
        flaw = check(scene)
        assert flaw is not None
        assert message in flaw.message
        assert flaw.about == "s001"
        (quoted,) = flaw.evidence
        assert quoted.endswith(("He went", "He went."))


def test_a_narrator_that_only_thought_is_told_to_tell() -> None:
    thought = empty(fitting("…", name="x", finish_reason=ONLY_THOUGHT))
    nothing = empty(fitting("…", name="x"))
    assert thought is not None
    assert nothing is not None
    assert thought.message == "The narrator only thought, and told nothing."
    assert nothing.message == "The scene holds no words."
    assert (nothing.about, thought.about) == ("s001", "s001")
