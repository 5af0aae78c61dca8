from __future__ import annotations

from dataclasses import replace

import pytest

from novelcraft.finetune.report.charts import (
    CURVE_HEIGHT,
    LEFT,
    MOST_ROWS,
    RIGHT,
    WIDTH,
    chapter_chart,
    curve_chart,
    gap_chart,
    style_chart,
)
from novelcraft.finetune.training.metrics import Curve
from novelcraft.state.evaluation import StyleReport
from tests.finetune.report import evaluations as e


def test_a_score_stands_where_its_number_says() -> None:
    chart = style_chart(StyleReport(base=e.side(0.0), tuned=e.side(100.0), books=e.side(50.0)))
    assert chart is not None
    row = chart.rows[0]
    assert row.label == "Overall"
    assert row.base
    assert row.tuned
    assert row.books
    assert (row.base.at, row.tuned.at, row.books.at) == (LEFT, RIGHT, (LEFT + RIGHT) / 2)
    assert len(chart.rows) == 6
    assert [tick.said for tick in chart.ticks] == ["0", "25", "50", "75", "100"]


def test_a_side_without_a_score_has_no_bar() -> None:
    none = e.side(None)
    chart = style_chart(StyleReport(base=none, tuned=e.side(40.0), books=none))
    assert chart is not None
    assert [(row.base, row.books) for row in chart.rows] == [(None, None)] * 6
    assert style_chart(StyleReport(base=none, tuned=none, books=e.side(90.0))) is None


def test_perplexities_lie_between_nought_and_the_largest() -> None:
    chart = chapter_chart(e.perplexity().chapters)
    marks = [mark for row in chart.rows for mark in (row.base, row.tuned) if mark]
    assert max(mark.at for mark in marks) == RIGHT
    assert all(
        mark.at == pytest.approx(LEFT + mark.value / 37.9 * (RIGHT - LEFT), abs=0.1)
        for mark in marks
    )
    assert [tick.said for tick in chart.ticks] == ["0", "10", "20", "30"]


@pytest.mark.parametrize("top", [1.2, 9.0, 999.0, 1_001.0, 2.5e9, 1e300])
def test_however_large_a_perplexity_is_it_stays_on_the_chart(top: float) -> None:
    chart = gap_chart(e.perplexity(base=top, tuned=1.0, training_base=1.1, training_tuned=1.0))
    for row in chart.rows:
        for mark in (row.base, row.tuned):
            assert mark is not None
            assert LEFT <= mark.at <= RIGHT
            assert len(mark.said) <= 9
    assert 1 <= len(chart.ticks) <= 7
    assert all(LEFT <= tick.at <= RIGHT for tick in chart.ticks)


def test_a_long_list_of_chapters_is_cut_and_counted() -> None:
    (one, *_) = e.perplexity().chapters
    chart = chapter_chart([one] * (MOST_ROWS + 7))
    assert (len(chart.rows), chart.hidden) == (MOST_ROWS, 7)


@pytest.mark.parametrize(
    ("chapter", "label"),
    [
        ("the-iron-heel/25", "the-iron-heel/25"),
        ("the-call-of-the-wild-standardebooks/6", "the-call-of-the-wild-sta…/6"),
    ],
)
def test_a_label_that_has_no_room_keeps_its_chapter(chapter: str, label: str) -> None:
    (one, *_) = e.perplexity().chapters
    chart = chapter_chart([one.model_copy(update={"chapter": chapter})])
    assert chart.rows[0].short == label


def places(line: str) -> list[tuple[float, float]]:
    points = (point.split(",") for point in line.split())
    return [(float(x), float(y)) for x, y in points]


@pytest.mark.parametrize("steps", [25, 200, 4_321])
def test_the_curve_stays_in_its_frame_and_in_order(steps: int) -> None:
    chart = curve_chart(e.curve(steps))
    assert chart is not None
    training = places(chart.training)
    assert 2 <= len(training) <= 301
    assert training == sorted(training, key=lambda point: point[0])
    for x, y in (*training, *places(chart.validation)):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= CURVE_HEIGHT
    assert training[0][1] < training[-1][1]  # the loss falls, so its line goes down the page


def test_the_best_validation_is_the_lowest() -> None:
    chart = curve_chart(e.curve(200))
    assert chart is not None
    assert chart.best == 150
    assert chart.heights[5] == max(chart.heights)


def test_without_steps_there_is_no_curve_and_without_validation_no_best() -> None:
    assert curve_chart(Curve()) is None
    chart = curve_chart(replace(e.curve(20), validations=()))
    assert chart is not None
    assert (chart.best, chart.dots, chart.validation) == (0, (), "")


def test_a_loss_that_does_not_move() -> None:
    flat = tuple(step.model_copy(update={"loss": 2.0}) for step in e.curve(4).steps)
    chart = curve_chart(Curve(flat))
    assert chart is not None
    assert len({y for _, y in places(chart.training)}) == 1
