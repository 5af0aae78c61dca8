"""The questions of an attended run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from novelcraft.cli.gates import Asker
from novelcraft.cli.readers import QuietReader
from novelcraft.state.acts import Act, ActRecord, Approve, Reject, Stop
from novelcraft.state.events import ActSettled, Decided, Waiting
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories

WAITING = Waiting(gate="plan", about="The Sea")
DECIDED = Decided(gate="plan", about="The Sea", action="accept", commit="")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.create(tmp_path / "novel.db") as made:
        made.create_branch("main", head=None, plan_version=None)
        made.add_plan("main", factories.plan())
        yield made


@contextmanager
def asking(store: ManuscriptStore) -> Iterator[tuple[Asker, int]]:
    """One who asks at the other end of a pipe."""
    source, keyboard = os.pipe()
    with Asker(QuietReader(), store, "main", source) as asker:
        try:
            yield asker, keyboard
        finally:
            os.close(keyboard)


def left(store: ManuscriptStore, count: int = 1) -> list[ActRecord]:
    ends = time.monotonic() + 60
    while len(store.acts()) < count:
        assert time.monotonic() < ends
        time.sleep(0.01)
    return store.acts()


@pytest.mark.parametrize(
    ("keys", "act"),
    [
        ("a\n", Approve()),
        ("\n", Approve()),
        ("Accept\n", Approve()),
        ("r\n more sea \n", Reject(note="more sea")),
        ("r\n\n", Reject()),
        ("s\n", Stop()),
        ("x\n?\ns\n", Stop()),
        ("", Stop()),
        ("r\n", Stop()),
        ("s", Stop()),
    ],
)
def test_answers(store: ManuscriptStore, keys: str, act: Act) -> None:
    with asking(store) as (asker, keyboard):
        os.write(keyboard, keys.encode())
        asker.on_event(WAITING)
        if act == Stop() and keys in ("", "r\n", "s"):
            keyboard_closed(keyboard)
        (record,) = left(store)
    assert record.act == act


def keyboard_closed(keyboard: int) -> None:
    """Put nothing in the pipe's place, so that its end is read and it may be closed again."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, keyboard)
    os.close(nothing)


def test_the_person_sees_what_it_is_about(
    store: ManuscriptStore, capfd: pytest.CaptureFixture[str]
) -> None:
    with asking(store) as (asker, keyboard):
        os.write(keyboard, b"a\n")
        asker.on_event(WAITING)
        left(store)
    shown = capfd.readouterr().err
    assert "The Sea" in shown
    assert factories.plan().core.ending in shown


def test_an_answer_from_elsewhere_ends_the_question(store: ManuscriptStore) -> None:
    with asking(store) as (asker, keyboard):
        asker.on_event(WAITING)
        asker.on_event(DECIDED)
        assert store.acts() == []
        asker.on_event(WAITING)
        os.write(keyboard, b"s\n")
        assert [record.act for record in left(store)] == [Stop()]


def test_an_answer_that_is_refused_is_asked_for_again(
    store: ManuscriptStore, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = ActSettled(
        act=1, what="reject", status="refused", reason="Say it shorter.", point="gate", target=""
    )
    with asking(store) as (asker, keyboard):
        os.write(keyboard, b"r\nmore\na\n")
        asker.on_event(WAITING)
        left(store)
        asker.on_event(refused)
        assert [record.act for record in left(store, 2)] == [Reject(note="more"), Approve()]
    assert "Say it shorter." in capfd.readouterr().err
