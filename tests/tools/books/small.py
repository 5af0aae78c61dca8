"""Small books with scenes, for tests of what is done with whole shelves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from novelcraft.state.books import BookFile, BookMeta, BookScene
from novelcraft.state.manuscript import count_words

_SYLLABLES = [c + v for c in "bdklmnrst" for v in "aeo"]


def text(seed: int, words: int = 300) -> str:
    """Words without meaning: every seed has its own, and always the same."""
    draw = random.Random(seed)
    said = ["".join(draw.choices(_SYLLABLES, k=draw.randint(1, 3))) for _ in range(words)]
    return " ".join(w.capitalize() + "." if n % 10 == 9 else w for n, w in enumerate(said))


def scene(number: int, text: str, **changes: Any) -> BookScene:
    given: dict[str, Any] = {
        "scene_id": f"ch01-s{number:02}",
        "chapter_index": 1,
        "chapter_title": "The Harbour",
        "text": text,
        "tokens": 2_500,
        "cut_by": "model",
    }
    return BookScene(**{**given, **changes})


def book(book_id: str, scenes: Sequence[BookScene | str], **changes: Any) -> BookFile:
    made = tuple(
        scene(n, given) if isinstance(given, str) else given
        for n, given in enumerate(scenes, start=1)
    )
    meta: dict[str, Any] = {
        "book_id": book_id,
        "title": book_id.title(),
        "author": "A. Keeper",
        "word_count": sum(count_words(s.text) for s in made),
        "total_chapters": len({s.chapter_index for s in made}),
        "total_scenes": len(made),
    }
    return BookFile(meta=BookMeta(**{**meta, **changes}), scenes=made)
