"""How a server is asked again: how long, how often, and what a person hears of it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate

import pytest

from novelcraft.errors import ModelError, ServerFaultError, ServerUnreachableError
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.chat import ChatModels
from novelcraft.tools.models.faults import retry_after
from novelcraft.tools.models.opening import open_models
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tools.models.support import everything, request, settings_for

Serve = Callable[..., FakeServer]


class Clock:
    """Waits for no time, and remembers for how long it should have."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.told: list[str] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    @asynccontextmanager
    async def opened(self, server: FakeServer, **role: object) -> AsyncIterator[ChatModels]:
        settings = settings_for(server, **role)
        async with open_models(
            settings, MemoryLog(), notify=self.told.append, environ={}, sleep=self.sleep
        ) as models:
            yield models


@pytest.fixture
def clock() -> Clock:
    return Clock()


def server_with(serve: Serve, effect: s.Effect, count: int | None = None) -> FakeServer:
    script = s.Script()
    script.on(s.anything, effect, count=count)
    return serve(script=script)


async def test_each_wait_is_told_with_its_reason_and_length(serve: Serve, clock: Clock) -> None:
    async with clock.opened(server_with(serve, s.fail(500), 3)) as models:
        await models.stream(request(), everything)
    assert clock.waits == [1.0, 4.0, 15.0]
    assert len(clock.told) == 3
    assert all("staged fault 500" in text for text in clock.told)
    assert [text.rpartition("again in ")[2] for text in clock.told] == ["1 s.", "4 s.", "15 s."]


async def test_a_busy_server_is_asked_as_long_as_there_is_patience(
    serve: Serve, clock: Clock
) -> None:
    async with clock.opened(server_with(serve, s.fail(503)), patience=100) as models:
        with pytest.raises(ServerFaultError, match="asked 6 times in 80 s") as caught:
            await models.stream(request(), everything)
    assert clock.waits == [1, 4, 15, 30, 30]
    assert "[roles.narrator] patience, which is 100 s" in caught.value.fix


async def test_without_patience_nothing_is_asked_again(serve: Serve, clock: Clock) -> None:
    server = server_with(serve, s.fail(503))
    async with clock.opened(server, patience=0) as models:
        with pytest.raises(ServerFaultError):
            await models.stream(request(), everything)
    assert (len(server.requests), clock.told) == (1, [])


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_says_when_is_asked_then(
    serve: Serve, clock: Clock, status: int
) -> None:
    async with clock.opened(server_with(serve, s.busy("37", status), 1)) as models:
        await models.stream(request(), everything)
    assert clock.waits == [37.0]


async def test_a_server_that_says_a_date_is_asked_then(serve: Serve, clock: Clock) -> None:
    when = formatdate(4_000_000_000, usegmt=True)
    async with clock.opened(server_with(serve, s.busy(when), 1), patience=9e9) as models:
        await models.stream(request(), everything)
    (wait,) = clock.waits
    assert wait > 1_000_000


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("5", 5.0),
        ("0.5", 0.5),
        (formatdate(1_060, usegmt=True), 60.0),
        (formatdate(940, usegmt=True), 0.0),
        ("soon", 0.0),
        ("-3", 0.0),
        ("", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(said: str, seconds: float) -> None:
    assert retry_after({"retry-after": said}, now=1_000.0) == seconds


async def test_a_wish_beyond_the_patience_ends_the_run_at_once(serve: Serve, clock: Clock) -> None:
    async with clock.opened(server_with(serve, s.busy("3600"))) as models:
        with pytest.raises(ServerFaultError, match="left alone for 3600 s"):
            await models.stream(request(), everything)
    assert clock.waits == []


async def test_a_server_that_loads_its_model_is_waited_for(serve: Serve, clock: Clock) -> None:
    loading = (503, {"error": {"message": "Loading model", "type": "unavailable_error"}})
    async with clock.opened(serve(staged={"/v1/models": [loading] * 4})) as models:
        assert models.endpoint("narrator").model == "fake-model"
    assert clock.waits == [1, 4, 15, 30]
    assert all("Loading model" in text for text in clock.told)


async def test_what_was_cut_is_told_apart_from_what_is_not_there(
    serve: Serve, clock: Clock
) -> None:
    async with clock.opened(server_with(serve, s.drop(5))) as models:
        with pytest.raises(ServerFaultError, match="it took the request") as caught:
            await models.stream(request(), everything)
    assert "Start one" not in caught.value.fix
    server = serve()
    async with clock.opened(server) as models:
        server.close()
        with pytest.raises(ServerUnreachableError, match="No server answers") as gone:
            await models.stream(request(), everything)
    assert "Start one" in gone.value.fix


async def test_nothing_of_the_adapter_reaches_standard_error(
    serve: Serve, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    server = server_with(serve, s.hold(threading.Event()))
    async with clock.opened(server, timeout=0.2) as models:
        with pytest.raises(ModelError):
            await models.stream(request(), everything)
        server.closing.set()
    assert capfd.readouterr().err == ""
    assert "within 0.2 seconds" in clock.told[0]
