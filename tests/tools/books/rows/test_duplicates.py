from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator

import pytest

from novelcraft.state.books import BookFile
from novelcraft.state.duplicates import SceneName
from novelcraft.tools.books.rows.duplicates import copies, duplicate_scenes
from tests.tools.books.small import book, text


def name(book_id: str, number: int) -> SceneName:
    return SceneName(book_id=book_id, scene_id=f"ch01-s{number:02}")


def test_books_of_their_own_have_no_duplicates() -> None:
    assert (
        duplicate_scenes([book("a", [text(1), text(2)]), book("b", [text(3)]), book("c", [])]) == ()
    )


def test_the_same_text_in_another_book() -> None:
    (found,) = duplicate_scenes([book("a", [text(1), text(2)]), book("b", [text(3), text(2)])])
    assert found.scene == name("b", 2)
    assert [original.scene for original in found.originals] == [name("a", 2)]
    assert found.share == 1.0
    assert text(2).startswith(found.quote[:10]) or found.quote in text(2)
    assert copies([found]) == {name("b", 2)}


def test_the_same_text_twice_in_one_book() -> None:
    (found,) = duplicate_scenes([book("a", [text(1), text(2), text(1)])])
    assert (found.scene, found.originals[0].scene) == (name("a", 3), name("a", 1))


def edition(original: str, seed: int, every: int = 40) -> str:
    """The same text with another word here and there, and other marks."""
    draw = random.Random(seed)
    words = [f"x{n}" if draw.random() < 1 / every else w for n, w in enumerate(original.split())]
    return " ".join(words).upper().replace(".", " —")


def test_another_edition_cut_elsewhere_repeats_several_scenes() -> None:
    first = [text(n, 900) for n in range(6)]
    whole = edition(" ".join(first), seed=9).split()
    second = [" ".join(whole[n : n + 700]) for n in range(0, len(whole), 700)]
    found = duplicate_scenes([book("a", first), book("b", second)])
    assert copies(found) == {name("b", n + 1) for n in range(len(second))}
    assert all(0.75 < duplicate.share < 1 for duplicate in found)
    assert max(len(duplicate.originals) for duplicate in found) == 2
    shares = [[o.share for o in duplicate.originals] for duplicate in found]
    assert all(s == sorted(s, reverse=True) for s in shares)


def test_hyphens_and_apostrophes_make_no_difference() -> None:
    old = "to-day the ship’s boat came in to-morrow it won’t " * 4
    new = "Today the ships boat came in. Tomorrow it wont! " * 4
    (found,) = duplicate_scenes([book("a", [old]), book("b", [new])])
    assert found.is_copy


def test_a_quotation_is_reported_and_makes_no_copy() -> None:
    epigraph = text(7, 60)
    quoting = f"{text(2)}\n\n{epigraph}\n\n{text(3)}"
    (found,) = duplicate_scenes([book("a", [f"{epigraph}\n\n{text(1)}"]), book("b", [quoting])])
    assert not found.is_copy
    assert 0.02 < found.share < 0.2
    assert found.quote.replace("\n", " ") in " ".join(epigraph.split())
    assert copies([found]) == frozenset()


def test_a_turn_of_phrase_is_not_reported() -> None:
    phrase = text(7, 10)
    one, other = f"{text(1)} {phrase} {text(2)}", f"{text(3)} {phrase} {text(4)}"
    assert duplicate_scenes([book("a", [one]), book("b", [other])]) == ()


def test_the_threshold_is_for_the_person_to_set() -> None:
    half = [book("a", [text(1)]), book("b", [f"{text(1)} {text(2)}"])]
    (strict,) = duplicate_scenes(half, threshold=0.3)
    (lenient,) = duplicate_scenes(half, threshold=0.7)
    assert (strict.is_copy, lenient.is_copy) == (True, False)
    assert strict.share == pytest.approx(0.5, abs=0.1)


def test_a_third_edition_is_held_against_the_first() -> None:
    shelf = [book("a", [text(1)]), book("b", [text(1)]), book("c", [text(1)])]
    found = duplicate_scenes(shelf)
    assert [f.originals[0].scene.book_id for f in found] == ["a", "a"]


@pytest.mark.parametrize("short", ["Yes.", "He said nothing at all.", "他来了。她走了。"])
def test_the_shortest_scenes_can_be_copies(short: str) -> None:
    (found,) = duplicate_scenes([book("a", [short]), book("b", [short])])
    assert found.is_copy
    assert found.quote in short


def test_a_scene_without_words_repeats_nothing() -> None:
    assert duplicate_scenes([book("a", ["* * *"]), book("b", ["* * *", ""])]) == ()


def test_the_same_shelf_gives_the_same_answer() -> None:
    shelf = [book("a", [text(1), text(2)]), book("b", [edition(text(2), 3), text(1)])]
    assert duplicate_scenes(shelf) == duplicate_scenes(iter(shelf))


def test_memory_grows_by_a_few_bytes_a_word() -> None:
    texts = [text(n, 10_000) for n in range(12)]
    held: list[int] = []

    def shelf() -> Iterator[BookFile]:
        for n, words in enumerate(texts):
            held.append(tracemalloc.get_traced_memory()[0])
            yield book(f"b{n}", [words])

    tracemalloc.start()
    duplicate_scenes(shelf())
    tracemalloc.stop()
    assert held[-1] - held[1] < 10 * 10_000 * (len(held) - 2)
