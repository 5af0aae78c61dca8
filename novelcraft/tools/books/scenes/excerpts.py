"""What of a text an agent reads, where it cannot read all of it at once."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.prompts.fit import fit, sentences
from novelcraft.tools.books.scenes.blocks import Count, blocks_of

_GAP = "\n\n[…]\n\n"


def portions(chapters: Sequence[str], count: Count, size: int, most: int = 0) -> tuple[str, ...]:
    """A book's text in reading order, in portions that end where paragraphs end.

    Args:
        chapters: The texts of its chapters.
        count: Counts tokens.
        size: Tokens of the longest portion.
        most: Tokens of all portions together, taken from the beginnings of all chapters alike;
            0 takes everything.

    Returns:
        One portion or more; a portion may hold the end of a chapter and the beginning of the
        next one.
    """
    share = most // max(1, len(chapters)) if most else 0
    portions: list[str] = []
    room = 0
    for chapter in chapters:
        read = 0
        for block in blocks_of(chapter, count):
            if share and read >= share:
                break
            read += block.tokens
            text = chapter[block.start : block.end]
            if portions and block.tokens <= room:
                portions[-1] += text if portions[-1].endswith("\n") else f"\n\n{text}"
                room -= block.tokens
            else:
                portions.append(text)
                room = size - block.tokens
    return tuple(portions) or ("",)


def excerpt(text: str, count: Count, most: int) -> str:
    """A text's beginning and end, in whole sentences, where all of it is too long.

    Args:
        text: The text.
        count: Counts tokens.
        most: Tokens of the result, apart from the mark of what is left out; 0 takes everything.
    """
    if not most or count(text) <= most:
        return text
    pieces = sentences(text)
    start = fit(pieces, most // 2, count, keep="start")
    end = fit(pieces, most - most // 2, count, keep="end")
    return f"{start}{_GAP}{end}".strip()
