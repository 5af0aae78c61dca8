"""The time that steady work will still take."""

from __future__ import annotations

from novelcraft.present.pace import SteadyPace


def test_nothing_is_said_before_anything_is_done() -> None:
    pace = SteadyPace()
    assert pace.left(10, 5) == ""
    pace.begin(3, 10)
    pace.mark(3, 200)
    assert pace.left(10, 300) == ""


def test_the_time_left_falls_between_two_steps() -> None:
    pace = SteadyPace()
    pace.begin(0, 0)
    pace.mark(1, 600)
    assert pace.left(3, 600) == "about 20 min left"
    pace.mark(1, 900)
    assert pace.left(3, 1_200) == "about 10 min left"
    assert pace.left(3, 9_000) == "under a minute left"


def test_what_was_done_before_does_not_count() -> None:
    pace = SteadyPace()
    pace.begin(90, 0)
    pace.mark(91, 600)
    assert pace.left(93, 600) == "about 20 min left"
    pace.end()
    assert pace.left(93, 600) == ""
