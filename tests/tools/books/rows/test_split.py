from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.config.prep import SplitBy
from novelcraft.state.calls import Message
from novelcraft.state.rows import SplitNote, TrainingRow
from novelcraft.tools.books.rows.chat_template import with_plan
from novelcraft.tools.books.rows.split import Tally, trained_on


def row(book: str, chapter: int, scene: int, tokens: int = 3_000) -> TrainingRow:
    return TrainingRow(
        row_id=f"{book}/ch{chapter:02}-s{scene:02}",
        kind="scene",
        book_id=book,
        chapter_index=chapter,
        scene_id=f"ch{chapter:02}-s{scene:02}",
        messages=(Message(role="user", content="x"),),
        prompt_tokens=tokens // 4,
        completion_tokens=tokens - tokens // 4,
        tokens=tokens,
        trimmed=0,
        prompt_hash="h",
    )


def shelf(*books: tuple[str, int]) -> list[TrainingRow]:
    return [row(b, c, s) for b, chapters in books for c in range(1, chapters + 1) for s in (1, 2)]


def chapters(rows: tuple[TrainingRow, ...]) -> set[tuple[str, int]]:
    return {(r.book_id, r.chapter_index) for r in rows}


@dataclass(frozen=True)
class Split:
    train: tuple[TrainingRow, ...]
    validation: tuple[TrainingRow, ...]
    note: SplitNote


def split_rows(rows: list[TrainingRow], *, by: SplitBy, share: float, seed: int) -> Split:
    tally = Tally(by)
    groups = [tally.add(row) for row in rows]
    plan = tally.plan(share, seed)
    sides = {
        side: tuple(r for r, g in zip(rows, groups, strict=True) if plan.keeps(g) is side)
        for side in (False, True)
    }
    return Split(sides[False], sides[True], plan.note)


def by_chapter(rows: list[TrainingRow], seed: int = 1, share: float = 0.1) -> Split:
    return split_rows(rows, by="chapter", share=share, seed=seed)


def test_a_tenth_of_the_chapters_is_kept_back() -> None:
    split = by_chapter(shelf(("a", 30), ("b", 20)))
    assert len(split.validation) == 10
    assert split.note.validation_share == 0.1
    assert set(split.note.validation) == {f"{b}/{c}" for b, c in chapters(split.validation)}


@given(
    sizes=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.integers(10, 4_096)), max_size=60
    ),
    seed=st.integers(0, 5),
    share=st.sampled_from([0.0, 0.1, 0.25, 0.5]),
)
def test_no_chapter_is_on_both_sides_and_no_row_is_lost(
    sizes: list[tuple[str, int, int]], seed: int, share: float
) -> None:
    rows = [row(b, c, n, tokens) for n, (b, c, tokens) in enumerate(sizes)]
    split = by_chapter(rows, seed, share)
    assert not chapters(split.train) & chapters(split.validation)
    assert sorted(split.train + split.validation, key=rows.index) == rows
    assert [r for r in rows if r in split.train] == list(split.train)
    assert split == by_chapter(rows, seed, share)
    if not share:
        assert split.validation == ()
    elif len(chapters(tuple(rows))) > 1:
        assert split.validation
        assert split.train


def test_it_hangs_on_nothing_but_names_and_the_seed() -> None:
    alone = by_chapter(shelf(("a", 30)))
    joined = by_chapter(shelf(("b", 12), ("a", 30)))
    assert set(alone.validation) <= set(joined.validation)
    assert by_chapter(shelf(("a", 30))[::-1]).note.validation_share == 0.1
    assert chapters(by_chapter(shelf(("a", 30))[::-1]).validation) == chapters(alone.validation)
    assert len({by_chapter(shelf(("a", 30)), seed).note.validation for seed in range(5)}) > 1


def test_books_stay_whole() -> None:
    rows = shelf(*((name, 4) for name in "abcdefghij"))
    split = split_rows(rows, by="book", share=0.1, seed=3)
    assert len(split.note.validation) == 1
    assert {r.book_id for r in split.validation} == set(split.note.validation)
    assert {r.book_id for r in split.train}.isdisjoint(split.note.validation)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_small_shelf_still_keeps_something_back(count: int) -> None:
    split = by_chapter(shelf(("a", count)))
    assert len(split.note.validation) == 1


def test_a_single_chapter_is_trained_on() -> None:
    split = by_chapter(shelf(("a", 1)))
    assert split.validation == ()
    assert by_chapter([]).note.validation_share == 0.0


def told(number: int, *paragraphs: str) -> TrainingRow:
    answer = Message(role="assistant", content="\n\n".join(paragraphs))
    messages = (*ASKED, answer)
    return row("a", 1, 1).model_copy(update={"row_id": f"v/{number}", "messages": messages})


ASKED = (Message(role="system", content="S"), Message(role="user", content="U"))
FIRST, SECOND, THIRD = (f"The {w} lamp burned until the morning." for w in ("old", "new", "red"))


def test_validation_rows_that_repeat_training_rows_are_known() -> None:
    train = [told(1, FIRST, SECOND)]
    assert trained_on([told(2, FIRST, SECOND), told(3, THIRD)], train) == ["v/2"]
    assert trained_on([told(2, "\n" + SECOND.replace(" ", "  "), THIRD)], train) == ["v/2"]
    assert trained_on([told(2, with_plan("- A beat", FIRST))], train) == ["v/2"]
    assert trained_on([told(2, SECOND, *[THIRD] * 3)], train) == ["v/2"]
    assert trained_on([told(2, SECOND, *[THIRD] * 12)], train) == []
    assert trained_on([told(2, with_plan(FIRST, THIRD))], train) == []
