"""The growth of a draft in the event stream."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from novelcraft.graphs.drafting import INTERVAL, DraftStream
from novelcraft.state.events import Drafting, WriteEvent
from novelcraft.state.manuscript import count_words
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk


class Clock:
    """Time that a test lets pass; what is due then is called."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.now

    def later(self, delay: float, do: Callable[[], None]) -> Due:
        self.due.append((self.now + delay, do))
        return Due(self)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        due = [do for at, do in self.due if at <= self.now]
        self.due = [(at, do) for at, do in self.due if at > self.now]
        for do in due:
            do()


class Due:
    """What stands on a clock; at most one thing does here."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def cancel(self) -> None:
        self.clock.due.clear()


def stream_of(events: list[WriteEvent], clock: Clock) -> DraftStream:
    return DraftStream(events.append, "s001", 100, clock, clock.later)


def grown(events: list[WriteEvent]) -> str:
    """The draft that a listener has in the end."""
    draft = ""
    for event in events:
        assert isinstance(event, Drafting)
        draft = draft[: event.at] + event.text
    return draft


def test_growth_is_sent_at_most_so_often_and_whole_in_the_end() -> None:
    events: list[WriteEvent] = []
    clock = Clock()
    stream = stream_of(events, clock)
    words = [f"word{n} " for n in range(1_000)]
    for n in range(len(words)):
        stream.grow("".join(words[: n + 1]))
        clock.wait(INTERVAL / 10)
    stream.end("".join(words).strip())
    assert 90 <= len(events) <= 103
    assert grown(events) == "".join(words).strip()
    last = events[-1]
    assert isinstance(last, Drafting)
    assert (last.words, last.target_words) == (1_000, 100)


def test_what_came_in_a_burst_is_sent_though_nothing_follows() -> None:
    events: list[WriteEvent] = []
    clock = Clock()
    with stream_of(events, clock) as stream:
        for text in ("The", "The sea", "The sea lay still."):
            stream.grow(text)
        assert grown(events) == "The"
        clock.wait(INTERVAL)
        assert grown(events) == "The sea lay still."
        clock.wait(INTERVAL)
        assert len(events) == 2


def test_a_draft_that_was_given_up_sends_no_more() -> None:
    events: list[WriteEvent] = []
    clock = Clock()
    with stream_of(events, clock) as stream:
        stream.grow("The")
        stream.grow("The sea")
    clock.wait(1)
    assert grown(events) == "The"


PIECES = st.text("ab1_ -'’\n.…日", max_size=12) | st.text(max_size=12)


@given(st.lists(PIECES, max_size=12).map(lambda pieces: [*accumulate(pieces), *pieces]))
def test_whatever_a_draft_becomes_its_listener_has_it(texts: list[str]) -> None:
    events: list[WriteEvent] = []
    clock = Clock()
    stream = stream_of(events, clock)
    for text in texts:
        clock.wait(1)
        stream.grow(text)
        assert grown(events) == text
        last = events[-1]
        assert isinstance(last, Drafting)
        assert last.words == count_words(text)
    stream.end("The end.")
    assert grown(events) == "The end."


async def test_a_draft_that_breaks_off_begins_anew_for_its_listener(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.drop(after=60), count=1)
    desk = open_desk(serve(script=script))
    await desk.write(until=2)
    for commit in desk.chain():
        growth = [e for e in desk.of("drafting") if e.scene_id == commit.scene_id]
        assert grown(growth) == commit.prose
        assert growth[-1].words == commit.words
