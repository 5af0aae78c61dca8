"""Runs that wait for a person."""

from __future__ import annotations

from tests.fakes.server import FakeServer
from tests.graphs.conftest import Decision, GateRequest, OpenDesk


class Person:
    """Answers in turn, and remembers what was asked."""

    def __init__(self, *answers: Decision) -> None:
        self.answers = list(answers)
        self.asked: list[GateRequest] = []

    def __call__(self, request: GateRequest) -> Decision:
        self.asked.append(request)
        return self.answers.pop(0) if self.answers else Decision(action="stop")


ACCEPT = Decision(action="accept")
STOP = Decision(action="stop")


async def test_a_plan_can_be_sent_back_with_a_wish(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("plan",)})
    wish = Decision(action="redraw", note="Let it be funny.")
    person = Person(wish, ACCEPT)
    await desk.write(until=1, decide=person)
    assert [r.gate for r in person.asked] == ["plan", "plan"]
    assert person.asked[0].text != person.asked[1].text
    assert any("Let it be funny." in r.user for r in fake_server.requests)
    assert len(desk.chain()) == 1
    assert desk.chain()[0].plan_version == 2


async def test_stopping_at_a_gate_and_coming_back(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("scene",)})
    person = Person(ACCEPT, STOP)
    assert await desk.write(decide=person) is None
    assert [r.about for r in person.asked] == ["scene 1", "scene 2"]
    assert len(desk.chain()) == 2
    calls = len(fake_server.requests)
    again = Person(STOP)
    await desk.write(decide=again)
    assert again.asked[0].about == "scene 3"
    assert len(desk.chain()) == 3
    assert len(fake_server.requests) > calls
    assert [e.about for e in desk.of("waiting")] == ["scene 1", "scene 2", "scene 3"]


async def test_a_waiting_run_without_a_person_stays_waiting_and_loses_nothing(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("scene",)})
    assert await desk.write(decide=None) is None
    first = desk.chain()
    assert len(first) == 1
    person = Person(ACCEPT, STOP)
    await desk.write(decide=person)
    assert person.asked[0].about == "scene 1"
    assert person.asked[0].text == first[0].prose
    assert desk.chain()[:1] == first


async def test_a_scene_can_be_drawn_again_at_its_gate(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("scene",)})
    person = Person(Decision(action="redraw", note="More rain."), STOP)
    await desk.write(decide=person)
    first, second = (r.text for r in person.asked)
    assert first != second
    (commit,) = desk.chain()
    assert commit.prose == second
    assert any("More rain." in r.user for r in fake_server.requests)


async def test_a_chapter_gate_comes_after_the_replan(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("chapter",)})
    person = Person(Decision(action="redraw", note="Bring Anna home."), ACCEPT, STOP)
    await desk.write(decide=person)
    assert [r.gate for r in person.asked] == ["chapter"] * 3
    assert person.asked[0].about == person.asked[1].about
    assert person.asked[2].about.startswith("chapter 2")
    assert any("Bring Anna home." in r.user for r in fake_server.requests)
    positions = [c.position for c in desk.chain()]
    assert positions == list(range(1, len(positions) + 1))


async def test_a_run_that_nobody_attends_never_waits(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    assert await desk.write(decide=None) is not None
    assert desk.of("waiting") == []
