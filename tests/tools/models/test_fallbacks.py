"""Models to go on with when a role's own cannot be used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from novelcraft.config.root import Settings
from novelcraft.config.settings import RoleSettings
from novelcraft.errors import ContextOverflowError, ServerFaultError, ServerUnreachableError
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.chat import ChatModels
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.models.preflight import Need
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tools.models.support import everything, no_wait, request

Serve = Callable[..., FakeServer]


@asynccontextmanager
async def opened(
    first: FakeServer, *others: FakeServer, told: list[str] | None = None, **role: Any
) -> AsyncIterator[ChatModels]:
    elsewhere = tuple(f"openai:fake-model {other.base_url}" for other in others)
    narrator = {"model": "openai:fake-model", "base_url": first.base_url, "patience": 0}
    given = {"narrator": narrator | {"fallback": elsewhere} | role}
    settings = Settings.model_validate({"roles": given})
    notify = (told if told is not None else []).append
    async with open_models(settings, MemoryLog(), environ={}, notify=notify, sleep=no_wait) as all_:
        yield all_


def failing(serve: Serve, after: int = 0, **options: Any) -> FakeServer:
    script = s.Script()
    script.on(s.anything, s.fail(500), after=after)
    return serve(script=script, **options)


def gone(serve: Serve) -> FakeServer:
    server = serve()
    server.close()
    return server


async def test_one_that_is_not_there_at_the_start(serve: Serve) -> None:
    told: list[str] = []
    second = serve()
    async with opened(gone(serve), gone(serve), second, told=told) as models:
        await models.stream(request(), everything)
    assert len(second.requests) == 1
    assert "goes on with fake-model" in told[-1]
    assert "No server answers" in told[-1]


async def test_one_that_fails_in_the_middle(serve: Serve) -> None:
    told: list[str] = []
    first, second = failing(serve, after=1), serve(flavour="vllm")
    async with opened(first, second, told=told) as models:
        await models.stream(request(step="1"), everything)
        count = models.token_counter("narrator")
        count("before")
        first_counts = first.paths.count("POST /tokenize")
        asked = (models.stream(request(step=str(n)), everything) for n in range(2, 6))
        answers = await asyncio.gather(*asked)
        count("after")
    assert all(answer.text for answer in answers)
    assert len(second.requests) == 4
    assert len([line for line in told if "goes on with" in line]) == 1
    assert first.paths.count("POST /tokenize") == first_counts
    assert "POST /tokenize" in second.paths


async def test_the_last_ones_error_is_told(serve: Serve) -> None:
    with pytest.raises(ServerFaultError):
        async with opened(failing(serve), failing(serve)) as models:
            await models.stream(request(), everything)
    with pytest.raises(ServerUnreachableError):
        async with opened(gone(serve), gone(serve)):
            pass


async def test_a_question_that_is_too_long_is_no_fault_of_the_server(serve: Serve) -> None:
    second = serve()
    async with opened(serve(flavour="openai", context=20), second) as models:
        with pytest.raises(ContextOverflowError):
            await models.stream(request(), everything)
    assert not second.requests


async def test_one_with_too_short_a_context_is_passed_over(serve: Serve) -> None:
    small, roomy = serve(context=512), serve(context=4_096)
    async with opened(failing(serve), small, roomy) as models:
        await models.preflight([Need("narrator", "scene.narrate", 2_000, 500)])
        await models.stream(request(), everything)
    assert (len(small.requests), len(roomy.requests)) == (0, 1)


def test_what_describes_one_model_is_not_taken_to_another() -> None:
    own: dict[str, Any] = {
        "model": "openai:a",
        "adapter": "x",
        "sampling": {"top_p": 0.9},
        "timeout": 7.0,
        "fallback": ("openai:b http://h/v1 B_KEY", "openai:a http://i/v1", "embedded:auto"),
    }
    other, same, embedded = RoleSettings(**own).fallbacks
    assert (other.name, other.base_url, other.api_key_env) == ("b", "http://h/v1", "B_KEY")
    assert (other.adapter, other.sampling, other.timeout) == ("", {}, 7.0)
    assert (same.adapter, same.sampling, same.base_url) == ("x", {"top_p": 0.9}, "http://i/v1")
    assert (embedded.provider, embedded.base_url, embedded.fallback) == ("embedded", "", ())


@pytest.mark.parametrize("wrong", ["", "gpt-4o", "openai:a b c d", "openai:a http://h/v1 sk-x-y"])
def test_one_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        RoleSettings(fallback=(wrong,))
