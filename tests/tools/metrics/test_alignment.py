"""Near copies are found, honest prose is not."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.state.memory import GeneratedText
from novelcraft.tools.metrics.alignment import IDENTITY, PASSAGE, AlignmentSearch, alike_words
from novelcraft.tools.metrics.memory import TrainingText, memory_report
from novelcraft.tools.metrics.verbatim import named_words
from tests.tools.metrics.near_copies import ATTACKS, Attack, replaced
from tests.tools.metrics.test_verbatim import invented

BOOK = Path("examples/sample-book/the-salt-ledger.md").read_text("utf-8").split("# Part One", 1)[1]
CHAPTERS = re.split(r"\n## .*\n", BOOK)[1:]


def share(text: str, *sources: str) -> float:
    search = AlignmentSearch([text])
    for number, source in enumerate(sources):
        search.add(f"book-{number}", source)
    return search.share()


@pytest.mark.parametrize("name", ATTACKS)
def test_a_copied_scene_does_not_pass(name: str) -> None:
    attack: Attack = ATTACKS[name]
    text = GeneratedText(name="copy", text=attack(CHAPTERS[1]), other_world=True)
    report = memory_report([text], [TrainingText("salt", BOOK)])
    limits = report.limits
    assert (report.alike_share or 0) > limits.alike_share or report.run_share > limits.run_share
    assert any(word in " ".join(report.reasons) for word in ("alike to", "runs of 8"))


@pytest.mark.parametrize("every", [15, 10, 5, 4])
def test_most_of_a_copy_with_replaced_words_is_covered(every: int) -> None:
    assert share(replaced(every)(CHAPTERS[1]), BOOK) > 0.9


def test_a_chapter_has_nothing_in_common_with_the_others_of_its_book() -> None:
    for number, chapter in enumerate(CHAPTERS):
        rest = [c for other, c in enumerate(CHAPTERS) if other != number]
        assert share(chapter, *rest) == 0


def test_a_passage_in_a_scene_is_found_where_it_is() -> None:
    copied = " ".join(replaced(6)(CHAPTERS[2]).split()[50:130])
    before, after = " ".join(invented(1, 300)), " ".join(invented(2, 300))
    search = AlignmentSearch(["nothing of it", f"{before} {copied} {after}"])
    search.add("other", " ".join(invented(9, 400, "z")))
    search.add("salt", BOOK)
    (passage,) = search.longest()
    assert (passage.text, passage.source) == (1, "salt")
    assert passage.word == pytest.approx(300, abs=3)
    assert passage.length == pytest.approx(len(named_words(copied)), abs=6)
    assert passage.matched >= passage.length * Fraction(*IDENTITY)


def test_passages_reach_over_no_border_of_texts_or_sources() -> None:
    words = invented(3, 2 * PASSAGE - 2)
    left, right = " ".join(words[: PASSAGE - 1]), " ".join(words[PASSAGE - 1 :])
    assert share(" ".join(words), left, right) == 0
    assert share(" ".join(words), " ".join(words)) == 1
    search = AlignmentSearch([left, right])
    search.add("both", " ".join(words))
    assert search.share() == 0


def test_nothing_is_alike_to_nothing() -> None:
    assert share("") == 0
    assert share("", BOOK) == 0
    assert share("A word.", "") == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("He saw Anna Karenin go. Anna went.", "he saw • go • went"),
        ("Then it rained. Then he saw Marrow, and “Marrow!”", "then it rained then he saw • and •"),
        ("I know that I do.", "i know that i do"),
        ("", ""),
    ],
)
def test_names_are_one(text: str, words: str) -> None:
    assert " ".join(w for w, _ in named_words(text)) == words


def test_a_named_words_number_is_that_of_the_first_name_in_a_row() -> None:
    assert named_words("He saw Anna Karenin go.") == [
        ("he", 0), ("saw", 1), ("•", 2), ("go", 4),
    ]  # fmt: skip


@given(st.lists(st.booleans(), max_size=90), st.integers(0, 60))
def test_alike_words_are_what_brute_force_finds(bits: list[bool], solid: int) -> None:
    matched = np.array([True] * solid + bits, bool)
    least = Fraction(*IDENTITY)
    expected = np.zeros(len(matched), bool)
    for a in np.flatnonzero(matched):
        for b in np.flatnonzero(matched) + 1:
            if b - a >= PASSAGE and Fraction(int(matched[a:b].sum()), int(b - a)) >= least:
                expected[a:b] = True
    assert alike_words(matched).tolist() == expected.tolist()
