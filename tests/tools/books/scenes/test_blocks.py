from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.books.scenes.blocks import blocks_of
from tests.tools.books.chapters import (
    LEAST,
    MOST,
    anything,
    contiguous,
    count,
    joined,
    letters,
    paragraph,
    prose,
    tight,
)


@given(st.one_of(prose, anything), st.sampled_from([count, tight, letters]))
def test_blocks_joined_are_the_chapter(text: str, counter: Callable[[str], int]) -> None:
    blocks = blocks_of(text, counter, LEAST, MOST)
    assert joined(text, blocks) == text
    assert contiguous(blocks)
    assert [b.tokens for b in blocks] == [counter(text[b.start : b.end]) for b in blocks]


@given(prose)
def test_blocks_are_neither_short_nor_long(text: str) -> None:
    blocks = blocks_of(text, count, LEAST, MOST)
    assert all(b.tokens >= LEAST for b in blocks) or len(blocks) == 1
    assert all(b.tokens <= MOST + 3 * LEAST for b in blocks)


@given(prose)
def test_a_block_says_what_ends_with_it(text: str) -> None:
    for block in blocks_of(text, count, LEAST, MOST):
        slice_ = text[block.start : block.end]
        assert (block.ends != "sentence") == (slice_.endswith("\n\n") or block.end == len(text))
        if block.ends == "section":
            assert slice_.strip().endswith("* * *")


def test_short_paragraphs_share_a_block_with_the_blank_lines_after_them() -> None:
    text = f"{paragraph(4)}\n\n{paragraph(5)}\n\n\n{paragraph(9)}"
    blocks = blocks_of(text, count, LEAST, MOST)
    assert [text[b.start : b.end] for b in blocks] == [
        f"{paragraph(4)}\n\n{paragraph(5)}\n\n\n",
        paragraph(9),
    ]


def test_a_scene_break_mark_closes_its_block() -> None:
    text = "\n\n".join([paragraph(20), paragraph(3), "* * *", paragraph(20)])
    first, second = blocks_of(text, count, LEAST, MOST)
    assert text[first.start : first.end].endswith("* * *\n\n")
    assert (first.ends, second.ends) == ("section", "paragraph")


def test_what_stands_alone_between_marks_goes_with_what_follows() -> None:
    text = "\n\n".join([paragraph(20), "* * *", "Noon.", "* * *", paragraph(20)])
    blocks = blocks_of(text, count, LEAST, MOST)
    assert [text[b.start : b.end].count("*") for b in blocks] == [3, 3]
    assert text[blocks[1].start :].startswith("Noon.")


@pytest.mark.parametrize("mark", ["***", "* * *", r"\* \* \*", "---", "⁂", "#"])
def test_marks_of_hand_edited_files(mark: str) -> None:
    blocks = blocks_of(f"{paragraph(20)}\n\n{mark}\n\n{paragraph(20)}", count, LEAST, MOST)
    assert [b.ends for b in blocks] == ["section", "paragraph"]


def test_a_long_paragraph_is_cut_evenly_after_sentences() -> None:
    text = paragraph(160)
    blocks = blocks_of(text, count, LEAST, MOST)
    assert len(blocks) == 4
    assert all(text[b.start] == "W" for b in blocks)
    assert [b.ends for b in blocks] == ["sentence"] * (len(blocks) - 1) + ["paragraph"]
    assert min(b.tokens for b in blocks) > MOST / 2


def test_a_stanza_is_cut_between_lines() -> None:
    text = "\n".join(["seven words are in this one line"] * 20)
    blocks = blocks_of(text, count, LEAST, MOST)
    assert len(blocks) > 1
    assert all(text[b.start : b.end].rstrip().endswith("line") for b in blocks)


@pytest.mark.parametrize("text", ["word " * 500, "x" * 500, "他来了。" * 150])
def test_no_text_is_too_long_to_be_cut(text: str) -> None:
    blocks = blocks_of(text, letters, LEAST, MOST)
    assert max(b.tokens for b in blocks) <= MOST
    assert joined(text, blocks) == text


def test_nothing_has_no_blocks() -> None:
    assert blocks_of("", count) == []
