"""The whole way from a question to the real engine and back."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from novelcraft.config.root import Settings
from novelcraft.config.settings import RoleSettings
from novelcraft.state.calls import Message
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.chat import ChatModels, ModelRequest
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.models.preflight import Need
from tests.tools.models.support import Person, everything

pytestmark = pytest.mark.engine

WORLD = (
    "A lighthouse on the coast of Brittany. Elias Marrow is its keeper. Anna Veil has the post "
    "office. The sea answers letters that are thrown into it in bottles, but never at once, and "
    "never to those who ask for the dead. "
)


def ask(user: str, **changes: Any) -> ModelRequest:
    messages = (
        Message(role="system", content="You are a novelist. " + WORLD),
        Message(role="user", content=user),
    )
    given: dict[str, Any] = {"purpose": "test", "step": user, "max_tokens": 40, "seed": 3}
    return ModelRequest(role="narrator", messages=messages, **{**given, **changes})


@pytest_asyncio.fixture
async def models(weights: Path) -> AsyncIterator[ChatModels]:
    role = RoleSettings(model="embedded:smollm2-135m")
    settings = Settings(roles={"narrator": role, "reasoning": role})
    async with open_models(settings, MemoryLog()) as opened:
        yield opened


async def text(models: ChatModels, request: ModelRequest) -> str:
    """A fresh answer: the log of another run does not know the question."""
    models._log.records.clear()  # type: ignore[attr-defined]
    return (await models.stream(request, everything)).text


async def test_all_roles_share_one_engine_and_its_context(models: ChatModels) -> None:
    servers = {id(models.endpoint(role).server) for role in ("narrator", "reasoning", "cheap")}
    assert len(servers) == 1
    await models.preflight([Need("narrator", "scene.narrate", 3_000, 1_000)])
    endpoint = models.endpoint("narrator")
    assert (endpoint.server.embedded, endpoint.context) == (True, 4_096)
    assert endpoint.model == "smollm2-135m"
    assert models.endpoint("narrator").supports_prefill
    assert models.token_counter("narrator")("Hello there friend") == 3


async def test_answers_keep_to_their_schema(models: ChatModels) -> None:
    for seed in range(6):
        question = ask("Describe a keeper.", seed=seed, max_tokens=80)
        person, answer = await models.ask(question, Person)
        assert 1 <= len(person.name) <= 30
        assert "\n" not in answer.text


async def test_the_same_question_has_the_same_answer_whatever_came_between(
    models: ChatModels,
) -> None:
    """With and without a cached prefix, after another seed, another prompt, an ended stream."""
    # On the processors tried, these two come out otherwise when a prompt is computed from its
    # last token alone; most do not.
    far = "far out "
    first, second = (
        ask(f"Write about the bottle that Elias finds {far * n}on the rocks.", max_tokens=60)
        for n in (1, 12)
    )
    carried_on = ask("Write about the bottle that Elias finds.", prefill="Elias Marrow had")
    cold = [await text(models, q) for q in (first, second, carried_on)]
    for question, answer in zip((first, second, carried_on), cold, strict=True):
        await text(models, replace(question, seed=99))
        assert await text(models, question) == answer
    await models.stream(replace(second, seed=98), lambda t: len(t) < 60)
    warm = [await text(models, q) for q in (carried_on, second, first)]
    assert warm == cold[::-1]
    engine = models.endpoint("narrator").server.engine
    assert engine is not None
    engine.stop()  # the next call starts it anew
    again = [await text(models, q) for q in (second, carried_on, first)]
    assert again == [cold[1], cold[2], cold[0]]


async def test_a_shared_prefix_is_taken_from_the_cache(models: ChatModels) -> None:
    await models.stream(ask("Write about the sea."), everything)
    other = await models.stream(ask("Write about a bottle."), everything)
    assert other.usage.cached_tokens > 50


async def test_an_engine_that_dies_is_started_again(models: ChatModels) -> None:
    engine = models.endpoint("narrator").server.engine
    assert engine is not None
    before = await text(models, ask("Write about the sea."))

    def kill_once(so_far: str) -> bool:
        if engine.restarts == 0 and len(so_far) > 40 and engine.pid:
            os.kill(engine.pid, signal.SIGKILL)
        return True

    models._log.records.clear()  # type: ignore[attr-defined]
    answer = await models.stream(ask("Write about the sea."), kill_once)
    assert engine.restarts == 1
    assert answer.text == before


async def test_a_long_answer_can_be_ended(models: ChatModels) -> None:
    answer = await models.stream(ask("Write about the sea.", max_tokens=300), lambda t: len(t) < 80)
    assert answer.finish_reason == "stopped_by_caller"
    assert 80 <= len(answer.text) < 100
    assert answer.usage.prompt_tokens > 70
