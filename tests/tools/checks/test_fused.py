"""Missing spaces, and what looks like one and is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from novelcraft.tools.checks.fused import fused
from tests.tools.checks.fitting import fitting


@pytest.mark.parametrize(
    ("prose", "evidence"),
    [
        ("It was the end.The sea rose.", "end.The"),
        ("He rowed,and she sang.", "rowed,and"),
        ("“Go.”He went.", "Go.”He"),
        ('He said"Go."', 'said"Go'),
        ("the lighthouseThe sea", "lighthouseThe"),
        ("at the mouth of White RiverWhen they came", "RiverWhen"),
        ("It'sjust one moment.", "It'sjust"),
        ("The lighthouse stood. He saw thelighthouse.", "thelighthouse"),
        ("a" * 30, "a" * 30),
        ("The boats lay idle. He saw theboats.", "theboats"),
        ("The boats lay idle. He saw Theboats.", "Theboats"),
        ("The boats lay idle, boatsand oars.", "boatsand"),
    ],
)
def test_fused(prose: str, evidence: str) -> None:
    finding = fused(fitting(prose, name="Elias"))
    assert finding is not None
    assert evidence in finding.evidence


@pytest.mark.parametrize(
    "prose",
    [
        "Dr. MacDonald paid 1,000 francs at 9:30 in the U.S.A. on a YouTube-like iPhone.",
        "See www.example.com or https://example.org/Path and notes.txt; e.g. this.",
        "“Wait—” she said—“no.” The fo'c'sle, rock'n'roll, o'clock, ma'am.",
        "a" * 29,
        "The boat was idle. He saw aboat and a theboat.",
        "He was a therapist; the rapist was gone. The husband took command of a thousand.",
    ],
)
def test_not_fused(prose: str) -> None:
    assert fused(fitting(prose, name="Elias")) is None


def test_what_is_glued_in_english_may_be_a_word_elsewhere() -> None:
    scene = fitting("The lighthouse stood. He saw thelighthouse and it'sjust.", name="Elias")
    german = scene.plan.model_copy(update={"language": "de"})
    assert fused(scene) is not None
    assert fused(replace(scene, plan=german)) is None
