"""How a scene was drawn, read from a log of calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from novelcraft.state.calls import CallRecord, Message
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.pairs.draws import Draws
from tests import factories

PROMPT = (Message(role="system", content="You write."), Message(role="user", content="Go on."))
DRAW = "main/root/s001/0"


def call(step: str, text: str, **changes: Any) -> CallRecord:
    given: dict[str, Any] = {
        "key": f"key of {step}",
        "role": "narrator",
        "purpose": "scene.narrate",
        "step": step,
        "model": "m",
        "prompt_hash": "h",
        "messages": PROMPT,
        "sampling": {},
        "seed": 1,
        "text": text,
    }
    return CallRecord(**{**given, **changes})


def begun(text: str) -> tuple[Message, ...]:
    return (*PROMPT, Message(role="assistant", content=text))


def drawn(*steps: str, attempt: int = 1) -> SceneCommit:
    calls = tuple(f"key of {step}" for step in steps)
    return factories.commit(provenance=factories.provenance(calls=calls, attempt=attempt))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        yield opened


def logged(store: ManuscriptStore, *records: CallRecord) -> Draws:
    for record in records:
        store.log_call(record)
    return Draws(store)


def test_a_scene_of_one_call(store: ManuscriptStore) -> None:
    record = call(f"{DRAW}/2/0", " The lamp burned. ", thinking=" A lamp.\n", adapter="mine")
    draw = logged(store, record).of(drawn(record.step))
    assert draw is not None
    assert (str(draw.step), draw.attempt) == (DRAW, 2)
    assert (draw.messages, draw.plan, draw.text) == (PROMPT, "A lamp.", "The lamp burned.")
    assert draw.writer == "m+mine"
    assert draw.follows(None)
    assert not draw.follows("0" * 64)


def test_a_scene_of_two_calls_is_whole_and_its_prompt_the_first(store: ManuscriptStore) -> None:
    first = call(f"{DRAW}/1/0", "burned", messages=begun("The lamp "), thinking="A lamp.")
    second = call(f"{DRAW}/1/1", " all night.", messages=begun("The lamp burned"), model="other")
    draw = logged(store, first, second).of(drawn(first.step, second.step))
    assert draw is not None
    assert draw.text == "The lamp burned all night."
    assert (draw.messages, draw.plan, draw.writer) == (PROMPT, "A lamp.", "m")


def test_a_scene_with_a_call_that_is_not_there_cannot_be_read(store: ManuscriptStore) -> None:
    record = call(f"{DRAW}/1/0", "The lamp")
    failed = call(f"{DRAW}/1/1", "", outcome="error", error="refused")
    other = call(f"{DRAW}/1/2", "{}", purpose="scene.facts")
    draws = logged(store, record, failed, other)
    assert draws.of(drawn(record.step)) is not None
    for step in (failed.step, other.step, "never"):
        assert draws.of(drawn(record.step, step)) is None
    assert draws.of(drawn()) is None


def test_earlier_attempts_come_in_their_order(store: ManuscriptStore) -> None:
    texts = {1: ("One", " more."), 2: ("Two",), 3: ("Three",)}
    draws = logged(
        store,
        call("main/root/s001/1/1/0", "Another draw."),
        call("main/root/s002/0/1/0", "Another scene."),
        *(
            call(f"{DRAW}/{attempt}/{segment}", text, messages=begun("".join(parts[:segment])))
            for attempt, parts in texts.items()
            for segment, text in enumerate(parts)
        ),
    )
    draw = draws.of(drawn(f"{DRAW}/3/0", attempt=3))
    assert draw is not None
    before = draws.before(draw)
    assert [(one.attempt, one.text) for one in before] == [(1, "One more."), (2, "Two")]
    assert draws.before(before[0]) == []
