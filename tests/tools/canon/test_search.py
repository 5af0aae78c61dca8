from __future__ import annotations

import pytest

from novelcraft.tools.canon.search import FoundSentence, ProseSearch
from tests import factories

PROSE = (
    "The lamp burned low. Élise walked past the lamp.\nShe slept.",
    "Nobody walks at night. The sea was quiet. The lamps went out, and the lamp man walked.",
)


@pytest.fixture
def search() -> ProseSearch:
    return ProseSearch(factories.commit(n, prose=prose) for n, prose in enumerate(PROSE, 1))


def test_a_sentence_is_found_with_its_place_in_the_book(search: ProseSearch) -> None:
    assert search.find("sea?", 5) == [FoundSentence(2, "s002", 1, "The sea was quiet.")]
    assert search.find("slept", 5) == [FoundSentence(1, "s001", 2, "She slept.")]


def test_words_are_found_in_their_other_forms_and_without_accents(search: ProseSearch) -> None:
    assert {(s.position, s.number) for s in search.find("walking", 5)} == {(1, 1), (2, 0), (2, 2)}
    assert [s.text for s in search.find("elise", 5)] == ["Élise walked past the lamp."]


def test_the_best_come_first_and_no_more_than_asked(search: ProseSearch) -> None:
    found = search.find("the lamp walked", 9)
    assert {(s.position, s.number) for s in found} == {(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)}
    assert search.find("the lamp walked", 2) == found[:2]
    assert {s.text for s in found[:2]} == {
        "Élise walked past the lamp.",
        "The lamps went out, and the lamp man walked.",
    }


def test_sentences_alike_come_in_the_book_s_order() -> None:
    told = "The bell rang. The bell rang."
    search = ProseSearch([factories.commit(2, prose=told), factories.commit(1, prose=told)])
    assert [(s.position, s.number) for s in search.find("bell", 9)] == [
        (1, 0), (1, 1), (2, 0), (2, 1)
    ]  # fmt: skip


def test_a_sentence_may_have_to_have_all_of_the_words(search: ProseSearch) -> None:
    assert len(search.find("quiet lamp", 9)) == 4
    assert search.find("quiet lamp", 9, all_words=True) == []
    (found,) = search.find("lamp past", 9, all_words=True)
    assert found.number == 1


@pytest.mark.parametrize("question", ["", "?!", '" OR ""'])
def test_a_question_without_words_finds_nothing(search: ProseSearch, question: str) -> None:
    assert search.find(question, 5) == []


def test_found_sentences_with_what_stands_right_before_them(search: ProseSearch) -> None:
    found = [*search.find("sea", 5), *search.find("burned", 5)]
    assert [(s.position, s.number) for s in search.around(found)] == [(1, 0), (2, 0), (2, 1)]
    last = search.find("slept", 5)
    assert [s.number for s in search.around(last)] == [1, 2]
    search.close()
