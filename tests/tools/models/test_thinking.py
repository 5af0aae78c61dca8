from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.models.thinking import ThinkFilter, split_thinking


@pytest.mark.parametrize(
    ("content", "reasoning", "opened", "thinking", "answer", "complete"),
    [
        ("The sea.", "", False, "", "The sea.", True),
        ("<think>\nHm.\n</think>\n\nThe sea.", "", False, "Hm.", "The sea.", True),
        ("Hm.\n</think>\n\nThe sea.", "", True, "Hm.", "The sea.", True),
        ("Hm.\n</think>\n\nThe sea.", "", False, "Hm.", "The sea.", True),
        ("<think>Hm, and then", "", False, "Hm, and then", "", False),
        ("Hm, and then", "", True, "Hm, and then", "", False),
        ("The sea.", "Hm.", False, "Hm.", "The sea.", True),
        ("The sea.", "Hm.", True, "Hm.", "The sea.", True),
        ("", "Hm, and then", False, "Hm, and then", "", False),
        ("<think>\n\n</think>\n\nThe sea.", "", False, "", "The sea.", True),
        ("She wrote a < b.", "", False, "", "She wrote a < b.", True),
        ("", "", False, "", "", True),
    ],
)
def test_a_reply_is_taken_apart(
    content: str, reasoning: str, opened: bool, thinking: str, answer: str, complete: bool
) -> None:
    split = split_thinking(content, reasoning, opened=opened)
    assert (split.thinking, split.answer, split.complete) == (thinking, answer, complete)


def test_a_tag_in_pieces_is_never_shown() -> None:
    think = ThinkFilter()
    pieces = ("\n<th", "ink>Hm", ".</thi", "nk>\n\nThe", " sea", " <", "i>.")
    shown = [think.add(piece) for piece in pieces]
    assert shown == ["", "", "", "The", "The sea", "The sea <", "The sea <i>."]


def test_what_may_become_a_closing_tag_is_held_back() -> None:
    think = ThinkFilter()
    assert think.add("The sea </thi") == "The sea "
    assert think.add("s is no tag") == "The sea </this is no tag"
    assert think.finish().answer == "The sea </this is no tag"


def test_a_completion_that_is_carried_on_keeps_its_first_blank() -> None:
    think = ThinkFilter(carried_on=True)
    assert think.add(" and") == " and"
    assert think.finish().answer == " and"


@given(
    thinking=st.text(alphabet="ab \n", max_size=20),
    answer=st.text(alphabet="xy <>/think\n", min_size=1, max_size=30),
    size=st.integers(1, 9),
)
def test_pieces_come_to_the_same_as_the_whole(thinking: str, answer: str, size: int) -> None:
    content = f"<think>{thinking}</think>{answer}"
    think = ThinkFilter()
    last = ""
    for start in range(0, len(content), size):
        last = think.add(content[start : start + size])
    whole = split_thinking(content)
    assert think.finish() == whole
    assert last == whole.answer == answer.lstrip()
    assert whole.thinking == thinking.strip()
