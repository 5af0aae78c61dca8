"""What is held out: whole chapters, by a lot that more pairs do not change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from novelcraft.state.preferences import PreferencePair
from novelcraft.tools.pairs.split import held_out_groups, hold_out
from tests.finetune.data.pairs import pair


def shelf(*sizes: int) -> list[PreferencePair]:
    """Chapters with so many pairs each."""
    groups = [f"b/{chapter}" for chapter, size in enumerate(sizes) for _ in range(size)]
    return [pair(number, group=group, held_out=False) for number, group in enumerate(groups)]


@given(st.lists(st.integers(1, 9), min_size=2, max_size=30), st.sampled_from([0.1, 0.3]))
def test_some_chapters_are_held_out_and_never_all(sizes: list[int], share: float) -> None:
    chosen = held_out_groups(shelf(*sizes), share)
    assert 1 <= len(chosen) < len(sizes)


def test_a_tenth_is_held_out_of_many_chapters() -> None:
    pairs = shelf(*[5] * 40)
    held = [one for one in hold_out(pairs, held_out_groups(pairs)) if one.held_out]
    assert len(held) == 20


def test_of_a_single_chapter_none_is_held_out() -> None:
    assert held_out_groups(shelf(7)) == set()
    assert held_out_groups([]) == set()


def test_a_chapter_is_held_out_whole() -> None:
    pairs = hold_out(shelf(3, 2, 4), {"b/1"})
    assert [one.held_out for one in pairs] == [False] * 3 + [True] * 2 + [False] * 4


def test_what_rows_gave_stays_as_the_rows_have_it() -> None:
    asked = [
        pair(number, source="human_vs_model", group="r/1", held_out=held)
        for number, held in enumerate((True, False))
    ]
    assert held_out_groups([*asked, *shelf(1, 1)]) == held_out_groups(shelf(1, 1))
    assert hold_out(asked, {"r/1"}) == asked
