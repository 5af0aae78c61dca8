from __future__ import annotations

import pytest

from novelcraft.prompts.world import render_book_world, render_world, root_summary
from novelcraft.state.books import BookCharacter, BookWorld
from tests import factories

ELIAS = BookCharacter(name="Elias", role="The keeper.", want="An answer.")
ANNA = BookCharacter(name="Anna", role="USA envoy")
BOOK = BookWorld(text="A rock in the sea", tone="Quiet", style="Plain.", cast=(ELIAS, ANNA))


def test_a_planned_world_is_read_from_its_era_to_its_cast() -> None:
    assert render_world(factories.plan()) == (
        "A rock off the coast of Brittany, 1890. The sea answers letters.\n"
        "The tone is quiet and strange, the style plain past tense.\n"
        "Elias Marrow, keeper of the light, wants an answer from the sea.\n"
        "Anna Veil, neighbour, wants an answer from the sea."
    )


def test_a_book_s_world_is_told_in_the_same_words() -> None:
    nobody = BookCharacter(name="Nobody", role="", want="A role")
    world = BOOK.model_copy(update={"cast": (*BOOK.cast, nobody)})
    assert render_book_world(world, "EN-gb") == (
        "A rock in the sea.\nThe tone is quiet, the style plain.\n"
        "Elias, the keeper, wants an answer.\nAnna is USA envoy."
    )


def test_another_language_is_told_before_all_else() -> None:
    text = render_book_world(BOOK, "de")
    assert text.startswith("The novel is written in the language de.\nA rock in the sea.\n")
    assert "language" not in render_book_world(BOOK, "en")


@pytest.mark.parametrize(
    ("tone", "style", "told"),
    [
        ("Quiet", "", "A rock in the sea.\nThe tone is quiet."),
        ("", "Plain!", "A rock in the sea.\nThe style is plain!"),
        ("", "", "A rock in the sea."),
    ],
)
def test_a_manner_that_is_not_known_is_not_spoken_of(tone: str, style: str, told: str) -> None:
    world = BOOK.model_copy(update={"tone": tone, "style": style, "cast": ()})
    assert render_book_world(world, "en") == told


def test_who_is_described_by_the_author_needs_no_role_and_who_has_neither_is_left_out() -> None:
    elias, anna = factories.plan().cast
    cast = (
        elias.model_copy(update={"role": "", "about": "He tends\n the lamp. He waits."}),
        anna.model_copy(update={"role": ""}),
    )
    told = render_world(factories.plan().model_copy(update={"cast": cast}))
    assert told.endswith("past tense.\nElias Marrow: He tends the lamp. He waits.")


@pytest.mark.parametrize(
    ("cast", "told"),
    [
        ((), "The story begins."),
        ((ELIAS, ANNA), "The story begins with Elias, the keeper, who wants an answer."),
        ((ANNA,), "The story begins with Anna, USA envoy."),
        (
            (BookCharacter(name="Tom", role="", want="To go"),),
            "The story begins with Tom, who wants to go.",
        ),
    ],
)
def test_a_story_in_which_nothing_happened_yet_begins_with_its_first_character(
    cast: tuple[BookCharacter, ...], told: str
) -> None:
    assert root_summary(cast) == told
