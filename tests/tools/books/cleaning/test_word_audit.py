from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.books.cleaning.clean import clean
from novelcraft.tools.books.cleaning.word_audit import raw_words, unaccounted

RAW = (
    "*** START OF THE PROJECT GUTENBERG EBOOK ***\n\nMade by hands\n\n# The Lamp\n\n## Preface\n\n"
    "Mostly true.\n\n## Chapter I. A WALL\n\nIt burned<sup>[1](#n1)</sup> [on](http://x.y/z).\n\n"
    "[1](#r1) Oil.\n\n## Chapter II\n\nIt went out.\n\nTHE END\n"
)
BLOCKS = [
    *(
        "## Chapter {n}",
        "## Part {n}",
        "# The Lamp",
        "### {n}",
        "Chapter {n}",
        "CONTENTS",
        "## Notes",
    ),
    *("A lamp[^{n}].", "[^{n}]: Oil\n\n    and wick.", "It burned.\\*", "\\* Of oil.", "> quoted"),
    *('<div class="footnote">', "</div>", "<hgroup>", "</hgroup>", "\\[Illustration: A", "mill\\]"),
    *("| a | b |\n|---|---|", "- item", "1.  item", "    pre *text*", "------", "**The End**"),
    *("Verse\\\nline", '<span class="pagenum">\\[Pg 3\\]</span>On.', "![A mill](a.png)", "{3} x"),
    *("Footnotes:", "\\[Footnote {n}: open", '<img src="a" alt="A" />t last', "Transcriber’s note"),
    *(
        "[Chapter {n}](#c{n})",
        "<table>\n<tr><td>a</td></tr>\n</table>",
        "*emphasised*",
        "x<sup>2</sup>",
    ),
    *('<span id="c{n}.xhtml"></span>', "> <table>\n> <tr><td>a</td></tr>\n> </table>", "# {n}"),
    *("\\*\\*\\* END OF THE PROJECT GUTENBERG EBOOK", "It is long. " * 60, "## Foreword", "LOUD"),
]


def test_words_are_those_that_a_reader_sees() -> None:
    seen = raw_words('<div class="x">\n\n[The *lamp’s*](#y) <a href="#z">oil</a>\\\nburned')
    assert seen == Counter(["the", "lamp's", "oil", "burned"])


def test_a_whole_book_is_accounted_for() -> None:
    assert unaccounted(RAW, clean(RAW)) == (Counter(), Counter())


def test_a_lost_word_and_an_added_one_are_found() -> None:
    book = clean(RAW)
    worse = replace(book, narrative=book.narrative.replace("burned", "shone"))
    assert unaccounted(RAW, worse) == (Counter(["burned"]), Counter(["shone"]))
    assert unaccounted(RAW, replace(book, drops=()))[0]["made"] == 1
    assert unaccounted(RAW, replace(book, reference=""))[0]["mostly"] == 1


@given(st.lists(st.tuples(st.sampled_from(BLOCKS), st.integers(1, 4)), max_size=25), st.booleans())
def test_no_order_of_blocks_loses_a_word(blocks: list[tuple[str, int]], foreword: bool) -> None:
    raw = "\n\n".join(block.replace("{n}", str(n)) for block, n in blocks) + "\n"
    assert unaccounted(raw, clean(raw, foreword=foreword)) == (Counter(), Counter())
