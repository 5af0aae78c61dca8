from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.tools.books.cleaning.clean import CleanBook, clean
from novelcraft.tools.books.cleaning.word_audit import unaccounted
from novelcraft.tools.books.reading.convert import read_source
from tests.tools.books.epubs import LONG, gutenberg, standard

BODY = LONG.strip()


def cleaned(raw: str, *, foreword: bool = False) -> CleanBook:
    """The cleaned book, which must account for each word."""
    book = clean(raw, foreword=foreword)
    lost, added = unaccounted(raw, book)
    assert (dict(lost), dict(added)) == ({}, {})
    return book


def titles(raw: str) -> list[str]:
    return [chapter.title for chapter in cleaned(raw).chapters]


def body(raw: str) -> str:
    """The text of the only chapter."""
    return (
        cleaned(f"## Chapter I\n\n{raw}\n").narrative.removeprefix("# Chapter 1\n\n").rstrip("\n")
    )


def test_standard_ebooks(tmp_path: Path) -> None:
    raw = read_source(standard(tmp_path / "lamp.epub"))[1]
    book = cleaned(raw)
    assert book.narrative == (
        "# Chapter 1: A Wall with a Lamp\n\n“Mr. Orr is *out*,” she said. It—was so.\n\n"
        f"{BODY}\n\n* * *\n\nLow runs the weir,  \nand late.\n\n"
        f"# Chapter 2\n\n{BODY}\n\n# Chapter 3: Epilogue\n\nThe lamp went out.\n"
    )
    assert book.reference == (
        "# Front matter\n\nTo the tide.\n\n## Foreword\n\nI found these pages in a wall.\n\n"
        "# Back matter\n\n## Endnotes\n\n1.\n\nA miller.\n"
    )
    assert [(c.index, c.title, c.part) for c in book.chapters] == [
        (1, "A Wall with a Lamp", "Part I: Low Water"),
        (2, "", "Part I: Low Water"),
        (3, "Epilogue", ""),
    ]
    assert {drop.reason for drop in book.drops} == {
        *("imprint", "note mark", "part heading", "chapter heading"),
    }
    assert book.notices == ()


def test_a_foreword_that_is_fiction_is_kept(tmp_path: Path) -> None:
    raw = read_source(standard(tmp_path / "lamp.epub"))[1]
    book = cleaned(raw, foreword=True)
    assert book.narrative.startswith("# Chapter 1: Foreword\n\nI found these pages in a wall.\n")
    assert len(book.chapters) == 4
    assert "Foreword" not in book.reference


def test_project_gutenberg(tmp_path: Path) -> None:
    book = cleaned(read_source(gutenberg(tmp_path / "lamp.epub"))[1])
    assert book.narrative == (
        f"# Chapter 1: The Miller’s Daughter\n\n{LONG}A lamp.\n\n“Who trims it?” she asked.\n\n"
        f"* * *\n\nLow runs the weir,  \nand late.\n\n{BODY}\n\n"
        f"# Chapter 2: The Last Boat\n\n{BODY}\n"
    )
    assert book.reference.endswith(
        "## PREFACE.\n\nTo be skipped.\n\n# Notes of chapter 1\n\n* A lamp of that day  \n"
        "burned oil.\n\nIt also smoked.\n\nNobody.\n"
    )
    assert {drop.reason for drop in book.drops} == {
        *("licence", "credits", "contents", "page number", "note mark", "chapter heading"),
        *("illustration", "end mark", "transcriber's note"),
    }


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("## CHAPTER I.", "## CHAPTER II.", ["", ""]),
        ("### Chapter 1", "### Chapter 2", ["", ""]),
        ("## I", "## II", ["", ""]),
        ("## **I.**", "## **II.**", ["", ""]),
        ("## 1", "## 2", ["", ""]),
        ("## Chapter One", "## Chapter Two", ["", ""]),
        ("## Chapter the First", "## Chapter the Last", ["", ""]),
        ("## CHAPTER I. THE WEIR", "## CHAPTER II. A BOAT", ["The Weir", "A Boat"]),
        ("## CHAPTER I\\\nTHE WEIR\n", "## CHAPTER II\\\nA BOAT\n", ["The Weir", "A Boat"]),
        ("## CHAPTER I\n\n### The Weir", "## CHAPTER II\n\n### A Boat", ["The Weir", "A Boat"]),
        ("## CHAPTER I\n\n## The Weir", "## CHAPTER II\n\n## A Boat", ["The Weir", "A Boat"]),
        ("## CHAPTER I\n\nTHE WEIR.", "## CHAPTER II\n\nA BOAT.", ["The Weir", "A Boat"]),
        ("## I: The Weir", "## II: A Boat", ["The Weir", "A Boat"]),
        ("## I. The Weir", "## II. A Boat", ["The Weir", "A Boat"]),
        ("## The Weir", "## A Boat", ["The Weir", "A Boat"]),
        ("## PROLOGUE", "## EPILOGUE.", ["Prologue", "Epilogue"]),
        ("## LETTER I", "## LETTER II: To Hanne", ["Letter I", "Letter II: To Hanne"]),
        ("## Stave One", "## Stave Two", ["Stave One", "Stave Two"]),
        ("## PART I", "## PART II", ["Part I", "Part II"]),
        ("## Adventure the First", "## Adventure the Second", None),
        ("## Chapitre premier", "## Chapitre II", ["", ""]),
        ("## Erstes Kapitel", "## Zweites Kapitel", None),
        ("## Глава первая", "## Глава вторая", None),
        ("## 第一章 堰", "## 第二章", ["堰", ""]),
        ("CHAPTER I", "CHAPTER II", ["", ""]),
        ("CHAPTER I.\\\nThe Weir", "CHAPTER II.\\\nA Boat", ["The Weir", "A Boat"]),
        ("**Chapter 1: The Weir**", "**Chapter 2: A Boat**", ["The Weir", "A Boat"]),
        ("Prologue", "Chapter 1", ["Prologue", ""]),
    ],
)
def test_chapters_are_found(first: str, second: str, expected: list[str] | None) -> None:
    raw = f"# The Lamp\n\n{first}\n\n{LONG * 3}\n\n{second}\n\n{LONG * 3}\n"
    found = titles(raw)
    assert len(found) == 2
    if expected is not None:
        assert found == expected


def test_bare_numbers_of_a_plain_text_must_count_up() -> None:
    three = "".join(f"{number}\n\n{BODY}\n\n" for number in ("I", "II", "III"))
    assert len(cleaned(three).chapters) == 3
    assert len(cleaned(three.replace("II\n", "V\n")).chapters) == 1


def test_bare_numbers_of_a_plain_text_begin_anew_in_each_part() -> None:
    part = f"I. The Weir\n\n{BODY}\n\nII. A Boat\n\n{BODY}\n\n"
    book = cleaned(f"Book the First: Low Water\n\n{part}Book the Second: High Water\n\n{part}")
    assert [(c.title, c.part[-10:]) for c in book.chapters] == [
        ("The Weir", " Low Water"),
        ("A Boat", " Low Water"),
        ("The Weir", "High Water"),
        ("A Boat", "High Water"),
    ]


def test_a_list_of_contents_with_page_numbers_is_no_chapter() -> None:
    numbers = ("I", "II", "III")
    listed = "".join(f"CHAPTER {n}\n\nThe Weir at Night 12\n\n" for n in numbers)
    told = "".join(f"CHAPTER {n}\n\n{BODY}\n\n" for n in numbers)
    assert len(cleaned(f"CONTENTS\n\n{listed}{told}").chapters) == 3


def test_a_title_with_a_motto_above_a_first_chapter_is_a_part() -> None:
    part = f"### Chapter 1\n\n{LONG}\n\n### Chapter 2\n\n{LONG}\n\n"
    book = cleaned(f"{part}## Orr’s Account\n\nAs he wrote it.\n\n{part}")
    assert [c.part for c in book.chapters] == ["", "", "Orr’s Account", "Orr’s Account"]
    assert "As he wrote it." in book.reference


def test_a_list_of_contents_is_no_chapter() -> None:
    listed = "CONTENTS\n\nCHAPTER I. The Weir\n\nCHAPTER II. A Boat\n\n"
    raw = f"{listed}CHAPTER I. The Weir\n\n{BODY}\n\nCHAPTER II. A Boat\n\n{BODY}\n"
    assert titles(raw) == ["The Weir", "A Boat"]
    assert titles(raw.replace("CHAPTER", "## CHAPTER")) == ["The Weir", "A Boat"]


def test_parts_are_kept_in_the_metadata() -> None:
    raw = (
        "# THE LAMP\n\n## BOOK ONE\n\n### CHAPTER I\n\nOne.\n\n### CHAPTER II\n\nTwo.\n\n"
        "## BOOK TWO: High Water\n\n> A motto.\n\n### CHAPTER I\n\nThree.\n"
    )
    book = cleaned(raw)
    assert [c.part for c in book.chapters] == ["Book One", "Book One", "Book Two: High Water"]
    assert "High Water" not in book.narrative
    assert "A motto." in book.reference


def test_numbers_inside_stories_are_not_chapters() -> None:
    raw = (
        f"## The Weir\n\n### I\n\n{LONG * 2}\n\n### II\n\n{LONG}\n\n"
        f"## A Boat\n\n{LONG * 4}\n\n## The Lamp\n\n{LONG * 4}\n"
    )
    assert titles(raw) == ["The Weir", "A Boat", "The Lamp"]
    assert "\n\n**II**\n\n" in clean(raw).narrative


def test_a_headline_in_a_chapter_stays_in_it() -> None:
    raw = (
        f"## I\n\nOne.\n\n## LAMP STOLEN!\n\n{LONG * 2}\n\n## II\n\nTwo.\n\n### A Letter\n\nDear.\n"
    )
    book = cleaned(raw)
    assert len(book.chapters) == 2
    assert "One.\n\n**LAMP STOLEN!**\n\n" in book.narrative
    assert book.narrative.endswith("Two.\n\n**A Letter**\n\nDear.\n")


def test_matter_around_the_story_goes_to_the_reference() -> None:
    raw = (
        "# The Lamp\n\n## Dramatis Personæ\n\nHanne, a child.\n\n## Author’s Note\n\nMostly true."
        "\n\n"
        "## Chapter 1\n\nOne.\n\n## Chapter 2\n\nTwo.\n\n## Appendix\n\nTides.\n\n"
        "## About the Author\n\nShe rows.\n\n## Historical Notes\n\n## I\n\nOld.\n\n## II\n\nNew.\n"
    )
    book = cleaned(raw)
    assert book.narrative == "# Chapter 1\n\nOne.\n\n# Chapter 2\n\nTwo.\n"
    for kept in ("Hanne, a child.", "Mostly true.", "Tides.", "She rows.", "Old.", "New."):
        assert kept in book.reference


def test_a_book_without_chapters_is_one_and_says_so() -> None:
    book = cleaned(f"# The Lamp\n\n{BODY}\n\nThe end came.\n")
    assert book.narrative == f"# Chapter 1: The Lamp\n\n{BODY}\n\nThe end came.\n"
    assert book.notices == ("No chapter headings were found: the whole text is one chapter.",)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('It *is* **so**, <span class="abbr">Mr.</span> Orr.', "It *is* **so**, Mr. Orr."),
        ("He had \\$3 & \\[nothing\\] \\<more\\>.", "He had $3 & [nothing] <more>."),
        ('Low,\\\n<span class="i1">late.</span>', "Low,  \nlate."),
        ("a<br />b", "a  \nb"),
        ("“‘No.’\u200a”\u00a0She\u2060—left.", "“‘No.’” She—left."),
        ("One.\n\n------------------------\n\nTwo.", "One.\n\n* * *\n\nTwo."),
        ("One.\n\n\\* \\* \\*\n\n\\*\n\nTwo.", "One.\n\n* * *\n\nTwo."),
        ("\\*\n\nOne.\n\n------------------------", "One."),
        (
            "> Dear Hanne,\n>\n> come.\n>\n> <footer>\n>\n> Orr\n>\n> </footer>",
            "Dear Hanne,\n\ncome.\n\nOrr",
        ),
        ('See [the map](http://a.b/c) and <a href="#x">the mill</a>.', "See the map and the mill."),
        ("The lamp<sup>[2](#n2)</sup> and the 1<sup>st</sup>.", "The lamp and the 1st."),
        ("A lamp[^3].\n\n[^3]: Of oil.\n\n    Old oil.", "A lamp."),
        ("A wall.[\\[4\\]](#Footnote_4)\n\n[\\[4\\]](#FNanchor_4) Of stone.", "A wall."),
        ("A wall.\\[4\\]\n\n\\[Footnote 4: Of stone.\n\nAnd moss.\\]\n\nOn.", "A wall.\n\nOn."),
        ("A wall.\\*\n\n\\* Of stone.\n\nGone.", "A wall.\n\nGone."),
        ("Count M\\*\\*\\* came.", "Count M*** came."),
        ('It ran<span id="p3" class="pagenum">\\[Pg 3\\]</span> out.', "It ran out."),
        ("![T](t.png)he lamp ![a mill](m.png) burned.", "The lamp burned."),
        ('<img src="m.png" alt="A mill" />\n\n*A mill at night.*\n\nOn.', "On."),
        ("\\[Illustration: A mill\n\nat night\\]\n\nOn.", "On."),
        ('<figure>\n<img src="a" />\n<figcaption>A mill</figcaption>\n</figure>\n\nOn.', "On."),
        ("- a boat\n- a rug", "a boat\n\na rug"),
        ("1.  a boat\n2.  a rug", "1. a boat\n\n2. a rug"),
        ("| a | b |\n|---|---|\n| c | d |", "a  b  \nc  d"),
        ("<table>\n<tr><td>a</td><td>b</td></tr>\n</table>", "a  b"),
        ("> <table>\n> <tr><td>a</td></tr>\n> &#10;</table>\n\nb", "a\n\nb"),
        ("    STOP at once\n    AND row", "STOP at once  \nAND row"),
        ("—", "—"),
        ("\\# 3 was the mill’s.", "\\# 3 was the mill’s."),
    ],
)
def test_what_stays_of_a_text_and_what_goes(raw: str, expected: str) -> None:
    assert body(raw) == expected


def test_wrapped_prose_in_a_typewriter_block_is_unwrapped() -> None:
    lines = [
        *(
            "The pilot lamp on the ledger wall had burned for eleven",
            "winters, and nobody at the weir",
        ),
    ]
    lines[1] += " could say who had trimmed"
    wrapped = "\\\n".join([*lines, "it."])
    raw = f'<div class="pgmonospaced">\n\n{wrapped}\\\n\\\nLow runs\\\nthe weir\\\n\n</div>'
    assert body(raw) == f"{' '.join([*lines, 'it.'])}\n\nLow runs  \nthe weir"


def test_notes_below_a_label_are_notes() -> None:
    raw = "## I\n\nA lamp.{1}\n\nFootnotes:\n\n{1} Of oil.\n\nOld oil.\n\n## II\n\nTwo.\n"
    book = cleaned(raw)
    assert book.narrative == "# Chapter 1\n\nA lamp.\n\n# Chapter 2\n\nTwo.\n"
    assert "Of oil.\n\nOld oil." in book.reference


@pytest.mark.parametrize(
    "title",
    ["MY EAGLE.", "THE O’NEILLS’ ‘LAST’ BOAT", "HENRY IV. AND I", "McGRAW", "A. B.", "THE MCGRAWS"],
)
def test_titles_are_put_in_title_case(title: str) -> None:
    raw = f"## CHAPTER I. {title}\n\nOne.\n\n## CHAPTER II\n\nTwo.\n"
    expected = {
        "MY EAGLE.": "My Eagle",
        "THE O’NEILLS’ ‘LAST’ BOAT": "The O’Neills’ ‘Last’ Boat",
        "HENRY IV. AND I": "Henry IV. and I",
        "McGRAW": "McGRAW",
        "A. B.": "A. B.",
        "THE MCGRAWS": "The McGraws",
    }
    assert titles(raw)[0] == expected[title]


def test_a_last_chapter_may_be_called_the_end() -> None:
    raw = "".join(f"## {title}\n\n{LONG * 3}\n\n" for title in ("The Weir", "A Boat", "The End"))
    assert titles(raw) == ["The Weir", "A Boat", "The End"]


def test_a_text_outside_the_chapters_is_told_of() -> None:
    raw = f"## Extracts\n\n{LONG * 3}\n\n## Chapter I\n\nOne.\n\n## Chapter II\n\nTwo.\n"
    book = cleaned(raw)
    assert len(book.chapters) == 2
    assert book.notices == (
        "'Extracts' stands outside the chapters: its text is in the reference.",
    )
