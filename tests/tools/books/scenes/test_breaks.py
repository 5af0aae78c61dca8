from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.books.scenes.breaks import embedding_breaks, usable_breaks
from novelcraft.tools.canon.embedders import HashEmbedder, Vector
from tests.tools.books.chapters import answers


@pytest.mark.parametrize(
    ("answer", "used"),
    [
        ([3, 7], [3, 7]),
        ([7, 3, 3, 7], [3, 7]),
        ([], []),
        ([0, 1, 20, 21, -4], [1, 20]),
        (list(range(1, 21)), []),
        (list(range(40, 0, -1)), []),
    ],
)
def test_what_is_used_of_an_answer(answer: list[int], used: list[int]) -> None:
    assert usable_breaks(answer, 1, 20) == used


def test_of_few_blocks_all_may_be_meant() -> None:
    assert usable_breaks([1, 2, 3], 1, 3) == [1, 2, 3]


@given(answers, st.integers(0, 40), st.integers(-1, 40))
def test_whatever_is_answered_gives_rising_numbers_in_range(
    answer: list[int], first: int, last: int
) -> None:
    used = usable_breaks(answer, first, last)
    assert used == sorted(set(used))
    assert all(first <= number <= last for number in used)


HARBOUR = "harbour ships anchor sailors rigging {} lantern wharf"
FOREST = "forest timber hunters badger moss {} clearing stream"
CITY = "boulevard carriage theatre opera crowds {} fountain palace"


def test_breaks_stand_where_the_subject_changes() -> None:
    texts = [s.format(f"word{n}") for s in (HARBOUR, FOREST, CITY) for n in range(6)]
    assert embedding_breaks(texts, HashEmbedder()) == [6, 12]


@pytest.mark.parametrize("texts", [[], ["alone"], ["all the same"] * 9, ["", "", ""]])
def test_where_nothing_changes_there_is_no_break(texts: list[str]) -> None:
    assert embedding_breaks(texts, HashEmbedder()) == []


class Turning:
    """Gives each text the next of the vectors it was made with."""

    name = "turning"

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self._vectors = vectors

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return list(self._vectors[: len(texts)])


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), max_size=30), st.integers(1, 5))
def test_breaks_are_the_same_twice_and_never_the_first_block(
    vectors: list[tuple[float, ...]], window: int
) -> None:
    texts = [str(n) for n in range(len(vectors))]
    breaks = embedding_breaks(texts, Turning(vectors), window=window)
    assert breaks == embedding_breaks(texts, Turning(vectors), window=window)
    assert breaks == sorted(set(breaks))
    assert all(0 < n < len(texts) for n in breaks)
