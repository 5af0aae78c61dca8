from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.tools.books.cleaning.clean import clean
from novelcraft.tools.books.cleaning.word_audit import unaccounted
from novelcraft.tools.books.reading.convert import read_source
from tests.tools.books.epubs import LONG, epub

TEXT = f"<p>{LONG * 4}</p>"


def page(kind: str, heading: str, text: str = "", *, level: int = 2) -> str:
    """A page as Standard Ebooks makes it; a heading `I|A Boat` is a number and its title."""
    first, _, title = heading.partition("|")
    head = f"<h{level}>{first}</h{level}>"
    if title:
        head = f"<hgroup>{head}<p>{title}</p></hgroup>"
    return f'<section epub:type="{kind}">{head if heading else ""}{text}</section>'


def chapters(tmp_path: Path, *pages: str) -> list[tuple[str, str]]:
    """Title and part of each chapter of a book with these pages, which must lose no word."""
    made = {f"chapter-{n}.xhtml": text for n, text in enumerate(pages)}
    raw = read_source(epub(tmp_path / "lamp.epub", made))[1]
    book = clean(raw)
    lost, added = unaccounted(raw, book)
    assert (dict(lost), dict(added)) == ({}, {})
    return [(chapter.title, chapter.part) for chapter in book.chapters]


def test_chapters_in_parts_in_volumes(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("volume", "Volume I|Low Water"),
        page("part", "Book I", level=3),
        page("chapter", "I|The Weir", TEXT, level=4),
        page("chapter", "II", TEXT, level=4),
        page("part", "Book II|Fog", "<p>A motto.</p>", level=3),
        page("chapter", "I", TEXT, level=4),
        page("volume", "Volume II"),
        page("part", "Book I", level=3),
        page("chapter", "I", TEXT, level=4),
        page("epilogue", "Epilogue", TEXT),
    )
    assert found == [
        ("The Weir", "Volume I: Low Water: Book I"),
        ("", "Volume I: Low Water: Book I"),
        ("", "Volume I: Low Water: Book II: Fog"),
        ("", "Volume II: Book I"),
        ("Epilogue", ""),
    ]


def test_a_prologue_does_not_hold_the_parts_after_it(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("prologue", "Prologue", f"<h3>I</h3>{TEXT}<h3>II</h3>{TEXT}"),
        page("part", "First Period|Low Water"),
        page("chapter", "I", TEXT, level=3),
        page("chapter", "II", TEXT, level=3),
    )
    part = "First Period: Low Water"
    assert found == [("Prologue", ""), ("", part), ("", part)]


def test_an_epilogue_of_chapters_is_a_part(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("part", "Part I"),
        page("chapter", "I", TEXT, level=3),
        page("epilogue part", "Epilogue"),
        page("chapter", "I", TEXT, level=3),
    )
    assert found == [("", "Part I"), ("", "Epilogue")]


def test_a_part_with_a_text_is_a_chapter(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("part", "Book I"),
        page("chapter", "I", f"{TEXT}<h4>A Letter</h4>{TEXT}", level=3),
        page("part", "Interlude|May", TEXT),
        page("part", "Book II"),
        page("chapter", "I", TEXT, level=3),
    )
    assert found == [("", "Book I"), ("Interlude: May", ""), ("", "Book II")]


def test_chapters_without_any_heading_below_parts(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("part", "I"),
        page("chapter", "", TEXT),
        page("chapter", "", TEXT),
        page("part", "II"),
        page("chapter", "", TEXT),
    )
    assert found == [("", "I"), ("", "I"), ("", "II")]


def test_a_part_in_the_file_of_its_first_chapter(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("division", "First Narrative", f"<p>By Orr.</p><h3>I</h3>{TEXT}"),
        page("chapter", "II", TEXT, level=3),
        page("division", "Second Narrative", f"<h3>I</h3>{TEXT}<h3>II</h3><p>Short.</p>"),
        page("division", "Third Narrative", TEXT),
    )
    assert [part for _, part in found[:2]] == ["First Narrative", "First Narrative"]
    assert [title for title, _ in found[2:]] == ["Second Narrative", "Third Narrative"]


def test_a_word_of_the_maker_makes_chapters_of_titles(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("prologue", "A Word Before", TEXT),
        page("chapter", "I|The Epilogue", TEXT),
        page("chapter", "II|Second Chapter", TEXT),
        page("epilogue", "Note", TEXT),
    )
    assert [title for title, _ in found] == [
        "A Word Before",
        "The Epilogue",
        "Second Chapter",
        "Note",
    ]


def test_stories_with_parts_in_some(tmp_path: Path) -> None:
    found = chapters(
        tmp_path,
        page("se:short-story", "The Weir|A Tale", f"<h3>Part I</h3>{TEXT}<h3>Part II</h3>{TEXT}"),
        page("se:short-story", "A Boat|Part III", TEXT),
        page("se:short-story", "The Lamp", TEXT),
    )
    assert [title for title, _ in found] == ["The Weir: A Tale", "A Boat: Part III", "The Lamp"]


@pytest.mark.parametrize("cut", [1, 2])
def test_files_cut_anywhere_say_nothing(tmp_path: Path, cut: int) -> None:
    texts = [f"<h2>CHAPTER {n}</h2>{TEXT}" for n in "1234"]
    found = chapters(tmp_path, "".join(texts[:cut]), f"{TEXT}{''.join(texts[cut:])}")
    assert found == [("", "")] * 4
