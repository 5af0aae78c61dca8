from __future__ import annotations

import pytest

from novelcraft.tools.books.cleaning.clean import clean
from novelcraft.tools.books.reading.plaintext import text_markdown

WRAPPED = (
    "The pilot lamp on the ledger wall had burned for eleven winters, and\n"
    "nobody at the weir could say who trimmed it. Hanne asked her uncle,\n"
    "who asked the miller."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WRAPPED, WRAPPED.replace("\n", " ")),
        (f"{WRAPPED}\n\n    Low runs the weir,\n      and late.", "\\\nand late."),
        (
            "It _was_ so, *very* so, and 2*3*4 and snake_case_name.",
            "*was* so, *very* so, and 2\\*3\\*4",
        ),
        (
            "# Chapter One\n\n- a dash\n\n1. a number",
            "# Chapter One\n\n\\- a dash\n\n1\\. a number",
        ),
        ("<b>&amp;[x](y)", "\\<b\\>\\&amp;\\[x\\](y)"),
    ],
)
def test_plain_text_as_markdown(text: str, expected: str) -> None:
    assert expected in text_markdown(text)


def test_lines_that_are_paragraphs_stay_apart() -> None:
    lines = [
        f"{n} The lamp burned on and on, and nobody could say who trimmed it. " * 2 for n in "abc"
    ]
    assert text_markdown("\n".join(lines)).count("\n\n") == 2


def test_what_was_written_is_what_is_read() -> None:
    said = "“<No>,” *he* said: 1. a_b & c # d \\ ~e~ $5 `f`"
    text = f"Chapter 1\n\n{said}\n\nChapter 2\n\nShe left.\n"
    assert clean(text_markdown(text)).narrative == (
        f"# Chapter 1\n\n{said}\n\n# Chapter 2\n\nShe left.\n"
    )
