"""Talk about the text, told by what paragraphs mean."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from novelcraft.tools.canon.embedders import Embedder, HashEmbedder, open_embedder
from novelcraft.tools.checks import CheckInput
from novelcraft.tools.checks.talk import judged, talk
from novelcraft.tools.metrics import Prose
from tests.tools.checks.fitting import fitting
from tests.tools.checks.scenes import SCENES

ADVICE = (
    "Here's how you can continue: in the story above, we have a character who keeps a lighthouse, "
    "and you could start the next scene by showing what the sea has answered.",
    "This is a technique called pacing, and you want to ensure that the scene stays true to your "
    "narrative while the reader learns more about the main character and her goals.",
)
TOLD = (
    "He carried the lamp down the stair and set it on the sill, where the wind had left a line "
    "of salt, and he waited for the boat to come round the point.",
)
SPOKEN = tuple(f"“{advice}”" for advice in ADVICE)


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    return open_embedder("minilm")


def scene(*paragraphs: str, embedder: Embedder | None) -> CheckInput:
    return fitting("\n\n".join(paragraphs), embedder=embedder)


def test_two_paragraphs_of_talk_in_a_row_are_found_and_quoted(minilm: Embedder) -> None:
    flaw = talk(scene(*TOLD, *ADVICE, *TOLD, embedder=minilm))
    assert flaw is not None
    assert [quoted[:20] for quoted in flaw.evidence] == [advice[:20] for advice in ADVICE]
    assert all(quoted in "\n".join(ADVICE) for quoted in flaw.evidence)


@pytest.mark.parametrize(
    "paragraphs",
    [TOLD * 2, (ADVICE[0], *TOLD, ADVICE[1]), SPOKEN, (*TOLD, "Nobody spoke.")],
    ids=["narration", "one at a time", "speech", "short"],
)
def test_what_is_no_talk_in_a_row_is_let_through(
    paragraphs: Sequence[str], minilm: Embedder
) -> None:
    assert talk(scene(*paragraphs, embedder=minilm)) is None


@pytest.mark.parametrize("name", SCENES)
def test_a_clean_scene_is_found_clean(name: str, minilm: Embedder) -> None:
    assert talk(scene(SCENES[name], embedder=minilm)) is None


@pytest.mark.parametrize("embedder", [None, HashEmbedder()], ids=["none", "another"])
def test_without_the_embedder_that_it_was_fitted_for_nothing_is_judged(
    embedder: Embedder | None,
) -> None:
    assert talk(scene(*ADVICE, embedder=embedder)) is None


def test_only_narration_of_some_length_is_judged() -> None:
    text = Prose("\n\n".join(["Too short to judge.", *SPOKEN, f"{TOLD[0]} “Yes,” he said."]))
    assert [narration for _, narration in judged(text)] == [f"{TOLD[0]} he said."]
