from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.books.cleaning.chapters import Chapter, join_chapters, split_chapters


def test_a_narrative_is_its_chapters() -> None:
    narrative = "# Chapter 1: The Weir\n\nOne.\n\n* * *\n\nTwo.\n\n# Chapter 2\n\nThree.\n"
    chapters = split_chapters(narrative)
    assert chapters == [
        Chapter(1, "The Weir", "One.\n\n* * *\n\nTwo."),
        Chapter(2, "", "Three."),
    ]
    assert join_chapters(chapters) == narrative


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("", []),
        ("  \n\n", []),
        ("No header.\n", [("", "No header.")]),
        ("Before.\n\n# Chapter 1\nOne.", [("", "Before."), ("", "One.")]),
        ("\ufeff# Chapter 7: X\r\n\r\nOne.\r\n", [("X", "One.")]),
        ("# chapter 2 - The Weir \n\n\n\nOne.\n\n\n", [("The Weir", "One.")]),
        (
            "# The Weir\n\nOne.\n\n## Not one\n\n#nor this\n",
            [("The Weir", "One.\n\n## Not one\n\n#nor this")],
        ),
        (" # Chapter 1\n\nOne.", [("", "One.")]),
        ("# Chapter 1\n\n# Chapter 2\n\nTwo.", [("", ""), ("", "Two.")]),
        ("# Chapter 3: Part 2: Tides\n\nOne.", [("Part 2: Tides", "One.")]),
    ],
)
def test_narratives_that_people_edited(edited: str, expected: list[tuple[str, str]]) -> None:
    chapters = split_chapters(edited)
    assert [(c.title, c.text) for c in chapters] == expected
    assert [c.index for c in chapters] == [*range(1, len(expected) + 1)]


@given(st.text(alphabet="ab# \n*“.:1-", max_size=60))
def test_what_was_split_splits_alike_again(text: str) -> None:
    once = split_chapters(text)
    assert split_chapters(join_chapters(once)) == once
