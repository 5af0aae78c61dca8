from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.fakes.prose import Novelist, count_words

CAST = ("Mara Voss", "Ned Hale")


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+|(?<=[.!?]\")\s+", text)


@pytest.mark.parametrize("target", [60, 200, 600, 1_500])
def test_prose_has_the_length_asked_for(target: int) -> None:
    for seed in range(10):
        assert abs(count_words(Novelist(str(seed), CAST).write(target)) - target) <= 25


def test_the_same_seed_gives_the_same_prose() -> None:
    assert Novelist("1", CAST).write(300) == Novelist("1", CAST).write(300)
    assert Novelist("1", CAST).write(300) != Novelist("2", CAST).write(300)


def test_prose_is_clean() -> None:
    text = Novelist("clean", CAST).write(2_000)
    assert text.startswith("Mara Voss ")
    assert text.count('"') % 2 == 0
    assert text.endswith((".", '."'))
    assert all(p.strip() == p and p for p in text.split("\n\n"))
    assert not re.search(r"  | [,.]", text)


def test_no_sentence_comes_twice_in_two_hundred_scenes() -> None:
    book = [s for n in range(200) for s in sentences(Novelist(f"scene {n}", CAST).write(600))]
    assert len(book) > 8_000
    repeated = [s for s, times in Counter(book).items() if times > 1]
    assert repeated == []


def test_runs_of_five_words_hardly_repeat_over_scenes() -> None:
    seen: set[tuple[str, ...]] = set()
    shared = total = 0
    for n in range(40):
        words = re.findall(r"\w+", Novelist(f"scene {n}", CAST).write(600).lower())
        grams = set(zip(*(words[i:] for i in range(5)), strict=False))
        shared += len(grams & seen)
        total += len(grams)
        seen |= grams
    assert shared / total < 0.01


@pytest.mark.parametrize(
    ("opening", "start"),
    [
        ("Mara stood on the stair and looked", " "),
        ("Mara stood on the stair and ", ""),
        ('Mara stood. "The lamp is', " "),
        ("Mara stood on the stair.", "\n\n"),
    ],
)
def test_an_opening_is_carried_on(opening: str, start: str) -> None:
    more = Novelist("3", CAST).write(120, opening)
    whole = opening + more
    assert more.startswith(start)
    assert abs(count_words(whole) - 120) <= 25
    assert whole.count('"') % 2 == 0
    assert opening not in more
