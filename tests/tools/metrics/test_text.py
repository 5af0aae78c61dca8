"""Cutting prose into paragraphs, sentences and words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.state.manuscript import count_words
from novelcraft.tools.metrics import Prose, paragraphs, sentences, spread, words


def test_paragraphs_are_lines_that_are_not_blank() -> None:
    assert paragraphs(" One.\n\n\nTwo.\nThree. \n") == ["One.", "Two.", "Three."]


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("“Stop!” he said. “Now.” He left", ["“Stop!” he said.", "“Now.”", "He left"]),
        ("Mr. Marrow met J. R. Veil at St. Malo. It rained.",
         ["Mr. Marrow met J. R. Veil at St. Malo.", "It rained."]),
        ("He waited … and went. (So.) Then.", ["He waited … and went.", "(So.)", "Then."]),
        ("他来了。她走了。", ["他来了。", "她走了。"]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences(paragraph: str, expected: list[str]) -> None:
    assert sentences(paragraph) == expected


@given(st.text(alphabet=st.sampled_from("aB.!? “”'’-—\n1İß"), max_size=60))
def test_there_are_as_many_words_as_are_counted(text: str) -> None:
    assert len(words(text)) == count_words(text)


@given(st.text(alphabet=st.sampled_from("aB.!? “”\"'’-—\n"), max_size=80))
def test_pieces_are_verbatim_and_nothing_but_blanks_is_lost(text: str) -> None:
    prose = Prose(text)
    assert all(piece in text for piece in (*prose.sentences, *prose.narration))
    assert "".join("".join(prose.sentences).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他来了。她走了。", 6),
        ("コーヒーを飲む", 7),
        ("iPhone手机", 3),
        ("𠮷野家", 3),
        ("한국어 문장입니다", 2),
        ("हिन्दी में यह एक वाक्य है", 6),
        ("می\u200cخواهم بروم", 2),
        ("une e\u0301toile d’or", 3),
        ("x_y", 2),
        ("— … ！", 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, expected: int) -> None:
    assert count_words(text) == expected


def test_marks_belong_to_their_word() -> None:
    assert words("हिन्दी में") == ["हिन्दी", "में"]
    assert words("E\u0301tat") == ["e\u0301tat"]


def test_words_have_one_apostrophe_and_no_case() -> None:
    assert words("Don’t go, DON'T!") == ["don't", "go", "don't"]


def test_a_spread_is_verbatim() -> None:
    assert spread("One, two;\nthree. Four", 1, 2) == "two;\nthree"
