from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.state.manuscript import count_words
from novelcraft.tools.canon.passages import PASSAGE_WORDS, passages
from novelcraft.tools.metrics.text import words
from tests import factories


def paragraph(length: int, word: str = "word") -> str:
    return " ".join([word.capitalize(), *[word] * (length - 1)]) + "."


def test_passages_end_where_paragraphs_end() -> None:
    prose = "\n\n".join(paragraph(n) for n in (90, 90, 90, 30))
    first, second = passages(factories.commit(prose=prose))
    assert first.text == f"{paragraph(90)}\n\n{paragraph(90)}"
    assert second.text == f"{paragraph(90)}\n\n{paragraph(30)}"


def test_ids_name_the_commit() -> None:
    commit = factories.commit(prose=f"{paragraph(150)}\n\n{paragraph(150)}")
    assert [(p.id, p.commit, p.position) for p in passages(commit)] == [
        (f"{commit.id}:0", commit.id, 1),
        (f"{commit.id}:1", commit.id, 1),
    ]


def test_a_long_paragraph_is_cut_after_sentences() -> None:
    prose = " ".join(paragraph(50) for _ in range(9))
    assert [count_words(p.text) for p in passages(factories.commit(prose=prose))] == [200, 200, 50]


def test_no_words_no_passages() -> None:
    assert passages(factories.commit(prose="\n\n  \n")) == []


@given(st.lists(st.integers(1, 450), min_size=1, max_size=6), st.booleans())
def test_no_word_is_lost(lengths: list[int], one_sentence: bool) -> None:
    cut = (lambda n: paragraph(n)) if one_sentence else (lambda n: "So it. " * n)
    prose = "\n\n".join(cut(n) for n in lengths)
    found = passages(factories.commit(prose=prose))
    assert [w for p in found for w in words(p.text)] == words(prose)


@pytest.mark.parametrize("length", [1, PASSAGE_WORDS, PASSAGE_WORDS * 3])
def test_a_sentence_is_never_cut(length: int) -> None:
    (only,) = passages(factories.commit(prose=paragraph(length)))
    assert count_words(only.text) == length
