"""How a book's scenes become the texts of rows, and what each way costs.

Windows never cross a chapter, so that chapters stay apart when some are kept for validation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import get_args

from novelcraft.config.prep import PrepSettings, StrategyName
from novelcraft.state.books import BookFile, BookScene
from novelcraft.state.rows import StrategyCost

ROWS_PER_STEP = 16
"""Rows that an optimiser takes at a time, where nothing else is said."""

_OVERLAPS: dict[StrategyName, float] = {"overlap25": 0.25, "overlap50": 0.5}
_NONE: Mapping[str, Collection[str]] = {}
_PARAGRAPH_END = re.compile(r"\n\s*\n")

Count = Callable[[str], int]


@dataclass(frozen=True)
class Window:
    """The text of a row, and the scenes that tell of it."""

    name: str
    """`ch03-s02`; with `+50` where it begins half way into that scene."""
    text: str
    """As it stands in the chapter, blanks around it included."""
    tokens: int
    """Of the text, counted paragraph by paragraph."""
    first: BookScene
    """The scene in which it begins."""
    scenes: tuple[BookScene, ...]
    """The scenes whose briefs tell of it: the one that most of it is, or all that it joins."""
    before: str
    """The prose before it, for the tail; empty at the book's beginning."""


@dataclass(frozen=True)
class _Paragraph:
    """A paragraph with the blank lines after it."""

    text: str
    tokens: int
    scene: int
    """Number of its scene in the chapter, from 0."""


def windows(
    book: BookFile, settings: PrepSettings, count: Count, without: Collection[str] = ()
) -> list[Window]:
    """The texts of a book's rows, in order.

    Args:
        book: The book, with its scenes.
        settings: Names the strategy and the lengths.
        count: Counts the tokens of a text.
        without: Ids of scenes that are left out; no window reaches across one.
    """
    found: list[Window] = []
    before = ""
    runs = groupby(book.scenes, lambda scene: (scene.chapter_index, scene.scene_id in without))
    for (_, left_out), run in runs:
        scenes = list(run)
        if not left_out:
            found += _windows_of(scenes, before, settings, count)
        before = scenes[-1].text
    return found


def strategy_costs(
    books: Iterable[BookFile],
    settings: PrepSettings,
    count: Count,
    without: Mapping[str, Collection[str]] = _NONE,
    rows_per_step: int = ROWS_PER_STEP,
) -> tuple[StrategyCost, ...]:
    """What every strategy would cost, in one pass over these books, which are taken one by one.

    Args:
        books: The books, with their scenes.
        settings: The lengths, and the context's budget.
        count: Counts the tokens of a text.
        without: Ids of scenes that are left out, by the ids of their books.
        rows_per_step: Rows that an optimiser takes at a time.
    """
    names: tuple[StrategyName, ...] = get_args(StrategyName)
    rows, tokens, once = dict.fromkeys(names, 0), dict.fromkeys(names, 0), 0
    for book in books:
        out = without.get(book.meta.book_id, ())
        texts = [t for s in book.scenes if s.scene_id not in out for t in _paragraphs(s.text)]
        kept = {text: count(text) for text in texts}
        once += sum(kept[text] for text in texts)
        for name in names:
            cut = settings.model_copy(update={"strategy": name})
            made = windows(book, cut, kept.__getitem__, out)
            rows[name] += len(made)
            tokens[name] += sum(window.tokens for window in made)
    return tuple(
        StrategyCost(
            strategy=name,
            rows=rows[name],
            text_tokens=tokens[name],
            duplicate_tokens=tokens[name] - once,
            context_tokens=rows[name] * settings.row_layout.prompt,
            steps=math.ceil(rows[name] / rows_per_step),
            rows_per_step=rows_per_step,
        )
        for name in names
    )


def _windows_of(
    scenes: Sequence[BookScene], before: str, settings: PrepSettings, count: Count
) -> list[Window]:
    paragraphs = [
        _Paragraph(text, count(text), number)
        for number, scene in enumerate(scenes)
        for text in _paragraphs(scene.text)
    ]
    starts = [
        0,
        *(i for i in range(1, len(paragraphs)) if paragraphs[i].scene != paragraphs[i - 1].scene),
    ]
    bounds = [*starts, len(paragraphs)]
    if settings.strategy == "long":
        spans = _joined(paragraphs, bounds, settings.text_tokens)
    elif settings.strategy in _OVERLAPS:
        spans = _overlapping(paragraphs, bounds, _OVERLAPS[settings.strategy], settings.text_tokens)
    else:
        spans = list(pairwise(bounds))
    return [_window(scenes, paragraphs, span, before, settings.strategy) for span in spans]


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of a text with the blank lines after them; joined they are the text."""
    cuts = [0, *(m.end() for m in _PARAGRAPH_END.finditer(text.rstrip())), len(text)]
    return [text[a:b] for a, b in pairwise(cuts)]


def _joined(
    paragraphs: Sequence[_Paragraph], bounds: Sequence[int], most: int
) -> list[tuple[int, int]]:
    """Scenes joined for as long as they fit, whole ones only."""
    spans: list[tuple[int, int]] = []
    for start, end in pairwise(bounds):
        if spans and _tokens(paragraphs[spans[-1][0] : end]) <= most:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _overlapping(
    paragraphs: Sequence[_Paragraph], bounds: Sequence[int], overlap: float, most: int
) -> list[tuple[int, int]]:
    """Windows of a scene's length that each share at least that much with the one before.

    A window that would be longer than the longest scene ends earlier, but not before the next
    one begins.
    """
    scenes = len(bounds) - 1
    # Spread evenly, so that the last window ends with the chapter and shares no more than others.
    steps = math.ceil((scenes - 1) / (1 - overlap))
    places = [k * (scenes - 1) / steps for k in range(steps + 1)] if steps else [0.0]
    starts = [_at(paragraphs, bounds, place) for place in places]
    ends = [_at(paragraphs, bounds, place + 1) for place in places]
    spans: list[tuple[int, int]] = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        least = starts[number + 1] if number + 1 < len(starts) else end
        while end > max(least, start + 1) and _tokens(paragraphs[start:end]) > most:
            end -= 1
        # Where paragraphs are long, two places may fall on one, and windows within others.
        if spans and spans[-1][0] == start:
            spans[-1] = (start, max(end, spans[-1][1]))
        elif start < end and not (spans and end <= spans[-1][1]):
            spans.append((start, end))
    return spans


def _at(paragraphs: Sequence[_Paragraph], bounds: Sequence[int], place: float) -> int:
    """The paragraph that begins nearest to a place, which is counted in scenes."""
    scene, share = int(place), place - int(place)
    start = bounds[scene]
    if not share:
        return start
    end = bounds[scene + 1]
    wanted = share * _tokens(paragraphs[start:end])
    return min(range(start, end + 1), key=lambda i: abs(_tokens(paragraphs[start:i]) - wanted))


def _tokens(paragraphs: Sequence[_Paragraph]) -> int:
    return sum(paragraph.tokens for paragraph in paragraphs)


def _window(
    scenes: Sequence[BookScene],
    paragraphs: Sequence[_Paragraph],
    span: tuple[int, int],
    before: str,
    strategy: StrategyName,
) -> Window:
    inside = paragraphs[slice(*span)]
    number = inside[0].scene
    skipped = [p for p in paragraphs[: span[0]] if p.scene == number]
    into = (
        f"+{round(100 * _tokens(skipped) / _scene_tokens(paragraphs, number))}" if skipped else ""
    )
    if skipped:
        before = "".join(p.text for p in skipped)
    elif number:
        before = scenes[number - 1].text
    numbers = sorted({p.scene for p in inside})
    if strategy != "long":
        numbers = [max(numbers, key=lambda n: (_tokens([p for p in inside if p.scene == n]), -n))]
    return Window(
        name=f"{scenes[number].scene_id}{into}",
        text="".join(p.text for p in inside),
        tokens=_tokens(inside),
        first=scenes[number],
        scenes=tuple(scenes[n] for n in numbers),
        before=before,
    )


def _scene_tokens(paragraphs: Sequence[_Paragraph], number: int) -> int:
    return max(1, _tokens([p for p in paragraphs if p.scene == number]))
