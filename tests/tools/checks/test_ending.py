"""Empty, cut off, too short or too long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from novelcraft.config.presets import SMALL
from novelcraft.tools.checks.ending import cut_off, empty, length
from tests.tools.checks.fitting import fitting

PRESET = replace(SMALL, length_block=(0.6, 1.4))


@pytest.mark.parametrize("prose", ["", " \n\n ", "…", "* * *"])
def test_no_words_are_an_empty_scene(prose: str) -> None:
    assert [f.check for f in empty(fitting(prose, name="Elias"))] == ["prose.empty"]


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
    assert cut_off(fitting(f"Elias rowed. {end}")) == []


@pytest.mark.parametrize(
    "end", ["He went", "He went,", "He said:", "He said “yes", "TO THE", "wet-"]
)
def test_anything_else_is_cut_off_and_quoted(end: str) -> None:
    (finding,) = cut_off(fitting(f"Elias rowed. {end}"))
    assert finding.evidence[0].endswith(end)


@pytest.mark.parametrize(
    ("reason", "found"),
    [("stop", 0), ("length_reached", 0), ("length", 1), ("content_filter", 1)],
)
def test_the_reason_to_stop_counts_even_after_a_whole_sentence(reason: str, found: int) -> None:
    assert len(cut_off(fitting("Elias rowed home.", finish_reason=reason))) == found


@pytest.mark.parametrize(("words", "found"), [(59, 1), (60, 0), (100, 0), (140, 0), (141, 1)])
def test_length_blocks_outside_the_presets_bounds(words: int, found: int) -> None:
    scene = fitting("sea " * words, name="sea", preset=PRESET, target_words=100)
    assert len(length(scene)) == found


def test_length_says_what_to_do() -> None:
    short = length(fitting("The sea.", name="sea", preset=PRESET, target_words=600))
    long = length(fitting("sea " * 900, name="sea", preset=PRESET, target_words=600))
    assert short[0].constraint == "Write the scene out in full, in about 600 words."
    assert long[0].constraint == "End the scene after about 600 words."
