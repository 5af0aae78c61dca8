from __future__ import annotations

import pytest

from novelcraft.tools.checks.names import named


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Elias Marrow", "Elias Marrow slept."),
        ("Elias Marrow", "That was Marrow’s boat."),
        ("Captain Reed", "Then Reed."),
        ("Dr. Ida van Penn", "Ida!"),
        ("The Old King", "The Old King slept."),
    ],
)
def test_named_in_full_or_in_part(name: str, text: str) -> None:
    assert named(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Captain Reed", "The Captain slept."),
        ("Captain Reed", "The Reeds slept; a Millreed."),
        ("Dr. Ida Penn", "The Dr. slept."),
        ("The Old King", "The King slept."),
        ("Will Hart", "He will go."),
        ("Elias Marrow", "The marrow of it. Marrowby went."),
    ],
)
def test_by_a_title_or_inside_a_word_nobody_is_named(name: str, text: str) -> None:
    assert not named(name, text)


def test_where_names_are_declined_a_part_counts_without_its_last_letter() -> None:
    assert not named("Anna Kowalska", "Kowalskiej nie było.")
    assert named("Anna Kowalska", "Annę widział.", english=False)
    assert not named("Anna Kowalska", "Annę widział.")
    assert named("Анна", "Он видел Анну.", english=False)
    assert not named("Ewa Nowak", "Ewy nie było.", english=False), "three letters are too few"
    assert named("Ewa Nowak", "Nowaka nie było.", english=False)
