"""Readers of the event stream: lines for a log, a display for a terminal."""

from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from novelcraft.cli.readers import (
    SILENCE,
    LineReader,
    LiveReader,
    QuietReader,
    reader_for,
)
from novelcraft.present.writing import WritingProgress
from novelcraft.state.events import Drafting, Notice, RunStarted, SceneStarted

STARTED = RunStarted(
    branch="main", resumed=False, scenes_done=0, words_done=0, target_words=600, target_pages=2
)
SCENE = SceneStarted(
    scene_id="s001",
    chapter_id="ch01",
    position=1,
    scenes=1,
    attempt=1,
    target_words=600,
    goal="Reach the lamp.",
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_happens_is_a_line_at_once() -> None:
    out, clock = io.StringIO(), Clock()
    reader = LineReader(WritingProgress(), out, clock)
    clock.now = 65
    reader.on_event(Notice(text="No PDF engine."))
    assert out.getvalue() == "   1:05  No PDF engine.\n"


def test_it_speaks_up_after_silence_and_only_then() -> None:
    out, clock = io.StringIO(), Clock()
    reader = LineReader(WritingProgress(), out, clock)
    reader.on_event(STARTED)
    reader.on_event(SCENE)
    reader.on_event(Drafting(scene_id="s001", words=300, target_words=600))
    clock.now = SILENCE - 0.1
    reader.beat()
    assert len(out.getvalue().splitlines()) == 1
    clock.now = SILENCE
    reader.beat()
    reader.beat()
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert "scene 1 of 1: 300 of 600 words (50%)" in lines[1]
    assert SILENCE < 10


def test_it_speaks_up_though_no_event_ever_came() -> None:
    out, clock = io.StringIO(), Clock()
    reader = LineReader(WritingProgress(), out, clock)
    clock.now = SILENCE
    reader.beat()
    assert "getting ready" in out.getvalue()


def test_it_is_silent_while_a_person_is_asked() -> None:
    out, clock = io.StringIO(), Clock()
    reader = LineReader(WritingProgress(), out, clock)
    clock.now = 100
    with reader.paused():
        reader.beat()
    assert out.getvalue() == ""
    reader.beat()
    assert out.getvalue() != ""


def test_the_thread_speaks_while_the_caller_is_busy() -> None:
    spoken = threading.Event()

    class Signal(io.StringIO):
        def flush(self) -> None:
            spoken.set()

    ticks = iter(range(0, 1_000_000, 100))
    with LineReader(WritingProgress(), Signal(), clock=lambda: float(next(ticks)), tick=0.01):
        assert spoken.wait(timeout=60)


def test_the_display_shows_bar_and_status() -> None:
    out, clock = Terminal(), Clock()
    console = Console(file=out, force_terminal=True, width=120)
    with LiveReader(WritingProgress(), console, clock) as reader:
        reader.on_event(STARTED)
        reader.on_event(SCENE)
        reader.on_event(Drafting(scene_id="s001", words=300, target_words=600))
        with reader.paused():
            pass
        clock.now = 61
    shown = out.getvalue()
    assert "a novel of 2 pages" in shown
    assert "300 of 600 words (50%)" in shown


def test_the_right_reader_is_taken() -> None:
    assert isinstance(reader_for(WritingProgress(), io.StringIO(), quiet=True), QuietReader)
    assert isinstance(reader_for(WritingProgress(), io.StringIO(), quiet=False), LineReader)
    assert isinstance(reader_for(WritingProgress(), Terminal(), quiet=False), LiveReader)


def test_a_quiet_reader_takes_everything_and_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with QuietReader() as reader:
        reader.on_event(STARTED)
        with reader.paused():
            pass
    assert capsys.readouterr() == ("", "")
