from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.outline import mend_hooks
from novelcraft.tools.models.schemas import tidy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  A whole\n sentence. ", "A whole sentence."),
        ("The first sentence is whole. The other was cut", "The first sentence is whole."),
        ("Short. A much longer half that was cut somewhere in the mid", None),
        ('"Quoted"', "Quoted"),
        ("trailing, ", "trailing"),
        ("", ""),
    ],
)
def test_tidy(text: str, expected: str | None) -> None:
    assert tidy(text) == (" ".join(text.split()) if expected is None else expected)


def test_names_that_share_a_part_are_replaced_and_noted() -> None:
    mender = Mender(1)
    names = mender.names(["Elias Marrow", "Anna Marrow", "Elias Marrow", "Rosa Quill"])
    assert names[0] == "Elias Marrow"
    assert names[3] == "Rosa Quill"
    parts = [part for name in names for part in name.split()]
    assert len(parts) == len(set(parts))
    assert len(mender.notes) == 2
    assert Mender(1).names(["A B", "A B"]) == Mender(1).names(["A B", "A B"])


def test_the_heros_name_given_to_two_people_leaves_a_name_for_each() -> None:
    names = Mender(1).names(["Rosa Quill", "Ada Marrow", "Ada Marrow"], first="Ada Marrow")
    assert names[:2] == ["Ada Marrow", "Rosa Quill"]
    assert len(names) == len(set(names)) == 3


def test_a_thing_of_the_premise_is_no_persons_name_for_a_strict_mender() -> None:
    premise = "A lighthouse keeper finds that the sea answers Anna Marrow's letters."
    given = ["The Lighthouse", "Anna Marrow", "Sea Letters", "Rosa Quill"]
    mender = Mender(1, strict=True, known=(premise,))
    names = mender.names(given)
    assert (names[1], names[3]) == ("Anna Marrow", "Rosa Quill")
    assert not {"The", "Lighthouse", "Sea", "Letters"} & set(" ".join(names).split())
    assert mender.notes[0] == f"'The Lighthouse' is no person's name and is now {names[0]!r}"
    assert Mender(1, known=(premise,)).names(given)[0] == "The Lighthouse"


def test_another_persons_name_is_no_role_for_a_strict_mender() -> None:
    for value in ("Samantha Smith", "LighthouseKeeper"):
        assert Mender(1, strict=True).role("Ada Quill", value, "the rival") == "the rival"
        assert Mender(1).role("Ada Quill", value, "the rival") == value
    assert Mender(1, strict=True).role("Ada Quill", "Captain of the ship", "x") == (
        "Captain of the ship"
    )


def test_an_empty_field_takes_its_fallback_and_says_so() -> None:
    mender = Mender(1)
    assert mender.text("the tone", "…", "quiet") == "quiet"
    assert mender.notes == ("the tone was of no use ('…') and is now: quiet",)


def test_a_strict_mender_refuses_echoes_and_talk_about_the_task() -> None:
    mender = Mender(1, strict=True, known=("A keeper finds that the sea answers letters.",))
    kept = "Anna hides the torn page under a floorboard."
    assert mender.text("the goal", kept, "fallback") == kept
    for useless in (
        "A keeper finds that the sea answers letters",
        kept,
        "The story begins with a beat",
        "3, 2, 16, 4, 7, 5, 1, 2, 1, 2",
        "he he he he he he",
        "Luna Luna",
    ):
        assert mender.text("the goal", useless, "the fallback") == "the fallback"
    assert len(mender.notes) == 6


def test_a_strict_mender_keeps_a_line_without_blanks_between_its_words() -> None:
    mender = Mender(1, strict=True, known=("灯塔看守人发现大海会回信。",))
    kept = "安娜把撕下的那一页藏在地板下面，等他离开。"
    assert mender.text("the goal", kept, "fallback") == kept


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "text": st.sampled_from(["A key is lost.", "A lamp fails.", "", "A bell."]),
                "plant_chapter": st.integers(1, 6).map(str),
                "payoff_chapter": st.integers(1, 6).map(str),
            }
        ),
        max_size=6,
    )
)
def test_hooks_are_always_planted_before_they_are_paid(answers: list[dict[str, str]]) -> None:
    hooks = mend_hooks(answers, 6, ["A spare hook."], Mender(1))
    assert all(h.plant_chapter < h.payoff_chapter <= 6 for h in hooks)
    assert len({h.text for h in hooks}) == len(hooks)
