"""What of a text an agent reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.books.scenes.excerpts import excerpt, portions
from tests.tools.books.small import text


def count(given_text: str) -> int:
    return len(given_text.split())


def chapter(seed: int, words: int) -> str:
    return "\n\n".join(text(seed * 100 + n, 90) for n in range(words // 90))


def test_everything_is_read_once_and_in_order() -> None:
    chapters = [chapter(1, 900), chapter(2, 450)]
    parts = portions(chapters, count, 300)
    assert " ".join(" ".join(parts).split()) == " ".join(" ".join(chapters).split())
    assert len(parts) > 3
    assert all(count(part) <= 300 for part in parts)


def test_a_share_of_every_chapter() -> None:
    chapters = [chapter(1, 1_800), chapter(2, 1_800), chapter(3, 90)]
    parts = portions(chapters, count, 200, 600)
    read = " ".join(parts)
    assert count(read) <= 600 + 3 * 100
    assert all(c.split()[0] in read for c in chapters)


def test_a_book_without_text() -> None:
    assert portions([], count, 100) == ("",)


@given(words=st.integers(0, 2_000), most=st.integers(20, 400))
def test_an_excerpt_is_short_and_verbatim(words: int, most: int) -> None:
    whole = text(1, words)
    short = excerpt(whole, count, most)
    start, _, end = short.partition("[…]")
    assert count(start) + count(end) <= most
    assert whole.startswith(start.strip())
    assert whole.endswith(end.strip())


def test_a_short_text_is_left_whole() -> None:
    assert excerpt("One. Two.", count, 10) == "One. Two."
    assert excerpt(text(1, 500), count, 0) == text(1, 500)
