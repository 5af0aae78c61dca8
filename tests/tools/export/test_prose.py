from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from novelcraft.tools.export.prose import SCENE_BREAK, escape, paragraphs
from novelcraft.tools.text import clean, one_line
from tests.tools.export.books import elements, pandoc

READERS = ("commonmark", "gfm", "commonmark_x-smart", "markdown-smart", "markdown_mmd")

MARKUP = [
    *"#>-+*_`~|\\[](){}<>&$^@:=%!.\"'/1a ",
    *("  ", "    ", "\t", "\n", "\n\n", "---", "--", "***", "```", "~~~", "$$", ":::", "](", "<b>"),
    *("1.", "12)", "(a)", "i.", "II.", "(@)", "#.", "* ", "- ", "+ ", "> ", "| a | b |", "|-|-|"),
    *(
        "&nbsp;",
        "&amp;",
        "<!--",
        "-->",
        "<script>",
        "</div>",
        "@smith2020",
        "[^1]",
        "^[n]",
        ":smile:",
    ),
    *(
        "http://a.bc/d",
        "www.x.com",
        "a@b.cd",
        "{.c}",
        "{#id}",
        "\\begin{x}",
        "\\(",
        "Table: ",
        "==m==",
    ),
    *("word", "He", "said", "é", "海", "שלום", "🌊", "…", "“", "”"),
]
INVISIBLE = "\u200b\u200c\u200d\u2060"
ORNAMENTS = {*"*-_=~#•·◆✦—–⁂❦❧", *" \t", *INVISIBLE}
texts = st.lists(st.one_of(st.sampled_from(MARKUP), st.text(max_size=4)), max_size=14).map("".join)
quick = settings(
    max_examples=12,
    # Shrinking would call pandoc a thousand times; the failing text is short as it is.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def shown(reader: str, prose: list[str]) -> list[str]:
    """What a reader of Markdown shows for each text, on lines, after a mark of its own."""
    mark = "QZQMARKQZQ"
    markdown = "\n\n".join(block for text in prose for block in (mark, *paragraphs(text)))
    parts = pandoc(markdown + "\n", reader=reader, writer="plain").split(mark)[1:]
    return ["\n".join(line for line in part.splitlines() if line) for part in parts]


def letters(text: str) -> str:
    """What must survive: all characters but blanks and asterisks, and lines of ornament alone.

    Pandoc brings text into Unicode's composed form.
    """
    lines = [
        line for line in unicodedata.normalize("NFC", text).splitlines() if set(line) - ORNAMENTS
    ]
    return "".join(c for c in "".join(lines) if not c.isspace() and c not in INVISIBLE + "*")


@pytest.mark.parametrize("reader", READERS)
@quick
@given(prose=st.lists(texts.map(clean), min_size=12, max_size=24))
def test_every_reader_shows_the_very_characters(reader: str, prose: list[str]) -> None:
    for text, got in zip(prose, shown(reader, prose), strict=True):
        assert letters(got) == letters(text)


@pytest.mark.parametrize("reader", READERS)
@quick
@given(prose=st.lists(texts, min_size=12, max_size=24))
def test_no_text_becomes_markup(reader: str, prose: list[str]) -> None:
    markdown = "\n\n".join(block for text in prose for block in paragraphs(text)) + "\n"
    kinds = set(_kinds(elements(markdown, reader=reader)))
    assert kinds <= {"Para", "HorizontalRule", "Str", "Space", "Emph", "Strong"}


def _kinds(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _kinds(child)
    elif isinstance(node, dict):
        yield node["t"]
        yield from _kinds(node.get("c", []))


@pytest.mark.parametrize(
    "line",
    [
        "# Not a heading",
        "> not a quotation",
        "- not a list",
        "1986. A good year.",
        "I. am a letter",
        "(b) is no list",
        "ï. is a letter too",
        "snake_case_name and __dunder__",
        "2*3*4 = 24",
        "a * b * c",
        "It cost $5 and then $6.",
        "```python",
        "<script>alert(1)</script> &nbsp; <!-- gone? -->",
        "[a link](http://example.com) and www.example.com",
        "@smith2020 said [^1]",
        "C:\\temp\\new",
        ": no definition",
        "% no title",
        "~struck~ and H~2~O and x^2^",
        "| no | table |",
    ],
)
@pytest.mark.parametrize("reader", READERS)
def test_a_line_stands_for_itself(reader: str, line: str) -> None:
    assert shown(reader, [line]) == [line]


@pytest.mark.parametrize(
    ("prose", "html"),
    [
        ("She *never* wrote.", "<p>She <em>never</em> wrote.</p>"),
        ("*All of it.*", "<p><em>All of it.</em></p>"),
        ('"*Wait*," he said.', '<p>"<em>Wait</em>," he said.</p>'),
        ("It was **his** hand.", "<p>It was <strong>his</strong> hand.</p>"),
        ("他*从不*写信。", "<p>他<em>从不</em>写信。</p>"),
        ("An * alone, and a* b*", "<p>An * alone, and a* b*</p>"),
    ],
)
@pytest.mark.parametrize("reader", ["commonmark", "gfm", "markdown-smart-auto_identifiers"])
def test_emphasis_is_kept_where_it_is_meant(reader: str, prose: str, html: str) -> None:
    made = pandoc("\n\n".join(paragraphs(prose)), reader=reader, writer="html")
    assert made.strip().replace("&quot;", '"') == html


@pytest.mark.parametrize("line_end", ["\n", "\n\n", "\r\n", "\u2029", "\n \t\n"])
def test_a_paragraph_ends_with_its_line(line_end: str) -> None:
    assert list(paragraphs(f"One.{line_end}Two.")) == ["One.", "Two."]


@pytest.mark.parametrize("line", ["***", "* * *", "---", "#", "⁂", "~ ~ ~", "—————"])
def test_an_ornament_between_paragraphs_is_a_scene_break(line: str) -> None:
    assert list(paragraphs(f"One.\n{line}\nTwo.")) == ["One.", SCENE_BREAK, "Two."]


def test_breaks_at_the_ends_and_in_a_row_are_left_out() -> None:
    assert list(paragraphs("***\nOne.\n***\n---\nTwo.\n***")) == ["One.", SCENE_BREAK, "Two."]


def test_what_no_book_can_hold_is_taken_out() -> None:
    assert clean("a\x00b\x1bc\x7fd\ufeffe\uffff\U0001fffef") == "abcdef"
    assert clean("half \ud83c a pair") == "half \N{REPLACEMENT CHARACTER} a pair"


def test_a_title_is_one_line() -> None:
    assert one_line("  The\n\tSea\x00 ") == "The Sea"


def test_prose_that_needs_no_escaping_stays_readable() -> None:
    text = 'It\'s late -- "Mr. Quill," she said; 3.5 km (or so)... why? Yes: now!'
    assert escape(text) == text
