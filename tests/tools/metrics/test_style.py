"""The style score, on writers made up by chance and on figures worked out by hand."""

from __future__ import annotations

import random
from functools import cache

import pytest

from novelcraft.errors import ConfigError, InputError
from novelcraft.state.style import (
    NoScore,
    OtherLanguage,
    StyleProfile,
    StyleReference,
    StyleScore,
    TooLittleText,
)
from novelcraft.tools.metrics import burrows
from novelcraft.tools.metrics.calibration import (
    BookPools,
    ReferenceBook,
    across_books,
    measured_books,
    other_pairs,
    reference_of,
    same_pairs,
)
from novelcraft.tools.metrics.style import english_reference, profile_of, style_score
from novelcraft.tools.metrics.style_distances import PARTS

POOL = 400
WRITERS = ("ada", "ben", "cleo", "dan")


def prose(writer: str, book: int, words: int = 2_400) -> str:
    """A writer's habits are drawn by the name, a book's words by its number."""
    habits = random.Random(writer)
    listed = sorted(burrows.ENGLISH)[::5]
    weights = [habits.lognormvariate(0, 1.5) for _ in listed]
    content = [f"{writer[0]}{c}ord" for c in "abcdefgh"] + [f"{c}tone" for c in "abcdefghijkl"]
    length, speech, short = habits.uniform(5, 25), habits.uniform(0, 0.7), habits.uniform(1, 6)
    rng = random.Random(f"{writer}{book}")
    paragraphs, count = [], 0
    while count < words:
        made = []
        for _ in range(max(1, round(rng.expovariate(1 / short)))):
            size = max(2, round(rng.gauss(length, length / 4)))
            half = size // 2
            picked = rng.choices(listed, weights, k=half) + rng.choices(content, k=size - half)
            rng.shuffle(picked)
            made.append(" ".join(picked).capitalize() + rng.choice(".!?"[: 1 + len(writer) % 3]))
            count += size
        text = " ".join(made)
        paragraphs.append(f"“{text}”" if rng.random() < speech else text)
    return "\n\n".join(paragraphs)


@cache
def books() -> tuple[ReferenceBook, ...]:
    return tuple(
        ReferenceBook(f"{writer} {n}", writer, prose(writer, n))
        for writer in WRITERS
        for n in (1, 2)
    )


@cache
def reference() -> StyleReference:
    return reference_of(measured_books(books(), pool_words=POOL), pool_words=POOL)


def scored(candidate: str, profile: StyleProfile) -> StyleScore:
    found = style_score(candidate, profile, reference())
    assert isinstance(found, StyleScore)
    return found


def test_a_writer_is_nearer_to_their_own_prose_than_others_are() -> None:
    profile = profile_of([prose("ada", 7)], reference())
    own = scored(prose("ada", 8), profile)
    assert own.overall.score > 60
    for other in ("ben", "cleo", "dan"):
        found = scored(prose(other, 8), profile)
        assert found.overall.score < 20
        assert found.overall.distance > own.overall.distance
        assert found.parts["function_words"].score < own.parts["function_words"].score
    assert set(own.parts) == set(PARTS)


def test_the_same_text_is_no_distance_away() -> None:
    text = prose("ben", 3, POOL)
    found = scored(text, profile_of([text], reference()))
    assert all(part.distance == pytest.approx(0, abs=1e-6) for part in found.parts.values())
    assert found.overall.score == 100
    assert found.overall.nearer_than_same == 1
    assert found.overall.nearer_than_other == 1


def test_too_little_text_has_no_number() -> None:
    profile = profile_of([prose("ada", 1)], reference())
    short = style_score("One word and " * 10, profile, reference())
    assert isinstance(short, TooLittleText)
    assert (short.side, short.words, short.needed) == ("candidate", 30, POOL)
    assert short.message.startswith("Too little text")
    assert isinstance(short, NoScore)
    little = style_score(prose("ada", 2), profile_of(["Too few."], reference()), reference())
    assert isinstance(little, TooLittleText)
    assert (little.side, little.words) == ("reference", 2)


def test_the_limit_is_counted_in_words() -> None:
    profile = profile_of([prose("ada", 1)], reference())
    exact = "\n\n".join(["the cat and a dog of it in on by."] * (POOL // 10))
    assert isinstance(style_score(exact, profile, reference()), StyleScore)
    assert isinstance(style_score(exact[:-4], profile, reference()), TooLittleText)


def test_the_package_asks_for_five_thousand_words() -> None:
    found = style_score("The end. " * 2_000, profile_of(["The end. " * 3_000]))
    assert isinstance(found, TooLittleText)
    assert found.needed == 5_000


def test_text_in_another_language_has_no_number() -> None:
    german = "Der alte Mann ging langsam durch den Wald und sprach mit seinem Hund.\n\n" * 60
    profile = profile_of([prose("ada", 1)], reference())
    found = style_score(german, profile, reference())
    assert isinstance(found, OtherLanguage)
    assert (found.side, found.language) == ("candidate", "en")
    found = style_score(prose("ada", 1), profile_of([german], reference()), reference())
    assert isinstance(found, OtherLanguage)
    assert found.side == "reference"


def test_a_profile_of_other_figures_is_refused() -> None:
    with pytest.raises(ConfigError, match="other reference figures"):
        style_score("text", profile_of(["text"], reference()))


def test_profiles_and_scores_are_json() -> None:
    profile = profile_of([prose("ada", 1), prose("ada", 2)], reference())
    assert StyleProfile.model_validate_json(profile.model_dump_json()) == profile
    found = scored(prose("ada", 3), profile)
    assert StyleScore.model_validate_json(found.model_dump_json()) == found
    assert found.reference_words == profile.words >= 4_800
    assert found.reference_pools == len(profile.pools) > 1
    assert found.reference_words == sum(pool.words for pool in profile.pools)


def test_the_figures_that_ship_are_of_many_novels_and_hold_no_text() -> None:
    shipped = english_reference()
    assert shipped.pool_words == 5_000
    assert shipped.across_books
    assert shipped.authors >= 10
    assert set(shipped.scales.function_words) <= burrows.ENGLISH
    assert all(known.auc > 0.6 for known in shipped.parts.values())
    assert shipped.overall.auc > max(known.auc for known in shipped.parts.values())


def test_books_of_one_author_calibrate_nothing() -> None:
    with pytest.raises(InputError, match="too few"):
        reference_of(measured_books(books()[:2], pool_words=POOL), pool_words=POOL)
    with pytest.raises(InputError, match="too few"):
        reference_of([])


def test_authors_that_are_the_same_are_refused() -> None:
    mixed = [ReferenceBook(str(n), "ab"[n % 2], prose("ada", n)) for n in range(6)]
    far = [ReferenceBook(b.title, "a", b.text) for b in books()[2:6:2]]
    with pytest.raises(InputError, match="tell authors apart"):
        reference_of(measured_books([*mixed, *far], pool_words=POOL), pool_words=POOL)


def test_pairs_of_one_author_come_from_two_books() -> None:
    measured = measured_books(books(), pool_words=POOL)
    assert across_books(measured)
    home = {id(p): (b.author, b.title) for b in measured for p in b.pools}
    for one, other in same_pairs(measured, across=True):
        assert home[id(one)][0] == home[id(other)][0]
        assert home[id(one)] != home[id(other)]
    for one, other in other_pairs(measured):
        assert home[id(one)][0] != home[id(other)][0]


def test_chapters_take_the_place_of_books_where_authors_have_one() -> None:
    measured = measured_books(books()[::2], pool_words=POOL)
    assert not across_books(measured)
    assert [*same_pairs(measured, across=True)] == []
    assert [*same_pairs(measured, across=False)]
    assert not reference_of(measured, pool_words=POOL).across_books


def test_no_book_outweighs_the_others() -> None:
    long = ReferenceBook("long", "ada", prose("ada", 1, 6_000))
    short = ReferenceBook("short", "ben", prose("ben", 1, 900))
    tiny = ReferenceBook("tiny", "dan", prose("dan", 1, 90))
    measured = measured_books([long, short, tiny], pool_words=POOL)
    assert [(b.title, len(b.pools)) for b in measured] == [("long", 6), ("short", 2)]
    assert isinstance(measured[0], BookPools)
