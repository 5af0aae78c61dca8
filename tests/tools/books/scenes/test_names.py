"""Names found by how they are written."""

from __future__ import annotations

from novelcraft.tools.books.scenes.names import as_written, frequent_names, named_in, occurs

TEXT = (
    "The keeper called Ada Brandt. When Ada came, the keeper and Ada Brandt spoke of Marle. "
    "Nobody in Marle had seen Ada Brandt. The old road to Marle was closed, and so was the Road. "
    "He asked Ada why. The keeper asked Ada again."
)


def test_names_by_their_frequency() -> None:
    assert frequent_names(TEXT, 10) == ("Ada", "Ada Brandt", "Marle")


def test_only_so_many() -> None:
    assert frequent_names(TEXT, 1) == ("Ada",)


def test_a_script_without_capitals_has_none() -> None:
    assert frequent_names("彼女は海を見た。" * 50, 5) == ()


def test_a_name_occurs_by_any_part_but_a_title() -> None:
    assert occurs("Ada Farrow", TEXT)
    assert not occurs("Mr Farrow", "Mr Holt came.")
    assert not occurs("Ann", "Annabel came.")


def test_a_name_as_the_text_has_it() -> None:
    assert as_written("Ada Brandt", TEXT) == "Ada Brandt"
    assert as_written("Ada Farrow", TEXT) == "Ada"
    assert as_written("Mira Holt", TEXT) == ""


def test_who_is_there() -> None:
    assert named_in(("Mira", "Ada", "Marle"), TEXT) == ("Ada", "Marle")
