"""Answers that no server should give, and every gateway does: a fault of the server, never ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from annotated_types import MaxLen
from pydantic import create_model

from novelcraft.errors import (
    ContextOverflowError,
    InvalidAnswerError,
    NovelcraftError,
    ServerFaultError,
)
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.schemas import bounded
from tests.fakes import script as s
from tests.fakes.faults import CHUNK, STREAMED, WHOLE, chunk
from tests.fakes.server import FakeServer
from tests.tools.models.support import Person, everything, opened, request

Serve = Callable[..., FakeServer]


def server_with(serve: Serve, effect: s.Effect, count: int | None, **options: Any) -> FakeServer:
    script = s.Script()
    script.on(s.anything, effect, count=count)
    return serve(script=script, **options)


@pytest.mark.parametrize("name", WHOLE)
async def test_an_odd_whole_answer_is_asked_for_again_and_then_named(
    serve: Serve, name: str
) -> None:
    log = MemoryLog()
    async with opened(server_with(serve, WHOLE[name], 2), log) as models:
        person, _ = await models.ask(request(), Person)
    assert person.name
    server = server_with(serve, WHOLE[name], None)
    async with opened(server, log) as models:
        with pytest.raises(ServerFaultError, match="role narrator") as caught:
            await models.ask(request(seed=9), Person)
    assert len(server.requests) == 5
    assert log.records[-1].outcome == "error"
    assert len(caught.value.message) < 600


@pytest.mark.parametrize("name", STREAMED)
async def test_an_odd_stream_is_asked_for_again_and_then_named(serve: Serve, name: str) -> None:
    async with opened(server_with(serve, STREAMED[name], 2)) as models:
        answer = await models.stream(request(), everything)
    assert answer.finish_reason == "stop"
    server = server_with(serve, STREAMED[name], None)
    async with opened(server) as models:
        with pytest.raises(ServerFaultError, match="role narrator"):
            await models.stream(request(), everything)
    assert len(server.requests) == 5


async def test_the_beginning_of_an_odd_answer_is_shown(serve: Serve) -> None:
    page = "<html>" + "Sign in to the hotel's network. " * 40
    async with opened(server_with(serve, s.raw(page, kind="text/html"), None)) as models:
        for asking in (models.ask(request(), Person), models.stream(request(), everything)):
            with pytest.raises(ServerFaultError) as caught:
                await asking
            assert page[:200] in caught.value.message
            assert page[:201] not in caught.value.message


async def test_an_error_inside_a_200_counts_as_what_it_says(serve: Serve) -> None:
    body = {"error": {"message": "prompt is too long: 9000 tokens > 8192 maximum", "code": 400}}
    async with opened(server_with(serve, s.raw(json.dumps(body)), None)) as models:
        with pytest.raises(ContextOverflowError, match="9000 tokens > 8192 maximum"):
            await models.ask(request(), Person)


async def test_half_characters_and_terminal_codes_never_arrive(serve: Serve) -> None:
    text = "Mara\x1b[31m saw\x00 a \ud83d ship\x9b and a \U0001f6a2.\n"
    async with opened(server_with(serve, s.say(text), None)) as models:
        answer = await models.stream(request(), everything)
    assert answer.text == "Mara[31m saw a  ship and a \U0001f6a2.\n"


async def test_half_a_character_in_a_structured_answer_is_asked_for_again(serve: Serve) -> None:
    async with opened(server_with(serve, s.say('{"name": "Ma\\ud83dra", "age": 7}'), 1)) as models:
        person, _ = await models.ask(request(), Person)
    assert person.name.isprintable()
    person.name.encode()


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # as the client has it
async def test_an_answer_in_parts_is_read(serve: Serve) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}
    parts = [thought, *({"type": "text", "text": x} for x in ('{"name": "Mara", ', '"age": 7}'))]
    message = {"role": "assistant", "content": parts}
    whole = s.raw(json.dumps({"id": "1", "choices": [{"index": 0, "message": message}]}))
    async with opened(server_with(serve, whole, None)) as models:
        person, answer = await models.ask(request(), Person)
        assert models.endpoint("narrator").thinks
    assert (person.name, person.age) == ("Mara", 7)
    assert answer.thinking == "Let me see."
    deltas = ({"index": 0, "delta": {"content": [part]}} for part in parts)
    pieces = (json.dumps({**CHUNK, "choices": [delta]}) for delta in deltas)
    async with opened(server_with(serve, s.events(*pieces, chunk("", "stop")), None)) as models:
        told = await models.stream(request(), everything)
    assert (told.thinking, told.text) == (answer.thinking, answer.text)


@pytest.mark.parametrize("body", [{"tokens": None}, {"count": "many"}, [], "?", None])
async def test_a_tokenizer_of_another_shape_gives_way_to_the_estimate(
    serve: Serve, body: Any
) -> None:
    server = serve(staged={"/tokenize": [(200, body)]})
    async with opened(server) as models:
        count = models.token_counter("narrator")
        assert count("A sentence of some words.") == 8
        assert not count.exact


@pytest.mark.parametrize("told", ["many", -1, None, {"a": 1}, 4.5])
async def test_a_context_that_is_no_number_is_unknown(serve: Serve, told: Any) -> None:
    entry = {"id": "fake-model", "owned_by": "vllm", "max_model_len": told, "meta": told}
    server = serve(flavour="vllm", staged={"/v1/models": [(200, {"data": [entry]})]})
    async with opened(server) as models:
        assert models.endpoint("narrator").context == 0


@pytest.mark.parametrize(
    ("path", "reply", "shown"),
    [
        ("/v1/models", (200, {"data": "none"}), "list of models"),
        ("/v1/models", (200, None), "does not answer in JSON"),
        ("/v1/models", (500, {"error": {"message": "out of memory"}}), "HTTP 500.*out of memory"),
        ("/lora-adapters", (200, {"adapters": 3}), "list of adapters"),
        ("/lora-adapters", (200, [{"path": "x"}]), "list of adapters"),
    ],
)
async def test_an_odd_answer_to_the_first_questions_is_named(
    serve: Serve, path: str, reply: tuple[int, Any], shown: str
) -> None:
    with pytest.raises(NovelcraftError, match=shown):
        async with opened(serve(staged={path: [reply] * 9})):
            pass


async def test_what_is_too_long_for_its_bound_is_cut_to_it(serve: Serve) -> None:
    said = json.dumps({"name": "N" * 31, "age": 7})
    server = server_with(serve, s.say(said), None)
    log = MemoryLog()
    async with opened(server, log) as models:
        person, _ = await models.ask(request(), Person)
        again, answer = await models.ask(request(), Person)
    assert (person.name, person.age) == ("N" * 30, 7)
    assert again == person
    assert answer.replayed
    assert len(server.requests) == 1


async def test_lists_that_are_too_long_are_cut_with_what_is_in_them(serve: Serve) -> None:
    cast = create_model(
        "Cast", people=(Annotated[list[Person], MaxLen(2)], ...), words=(bounded(9), ...)
    )
    people = [{"name": letter * 40, "age": 7} for letter in "ABCD"]
    said = json.dumps({"people": people, "words": "Once upon a time"})
    async with opened(server_with(serve, s.say(said), None)) as models:
        answer, _ = await models.ask(request(), cast)
    assert answer.model_dump() == {
        "people": [{"name": "A" * 30, "age": 7}, {"name": "B" * 30, "age": 7}],
        "words": "Once upon",
    }


async def test_another_run_asks_with_other_seeds(serve: Serve) -> None:
    server = server_with(serve, s.refuse(), None)
    log = MemoryLog()
    for _ in range(2):
        async with opened(server, log) as models:
            with pytest.raises(InvalidAnswerError, match="with other seeds"):
                await models.ask(request(), Person)
    assert len(server.requests) == 6
    assert len({r.seed for r in server.requests}) == 6


async def test_a_gateway_that_finds_the_answer_invalid_is_asked_with_another_seed(
    serve: Serve,
) -> None:
    error = {"message": "Failed to generate JSON", "code": "json_validate_failed"}
    server = server_with(serve, s.fail(400, {"error": error}), 2)
    log = MemoryLog()
    async with opened(server, log) as models:
        person, _ = await models.ask(request(), Person)
    assert person.name
    assert [r.outcome for r in log.records] == ["invalid", "invalid", "ok"]
    assert len({r.seed for r in server.requests}) == 3


async def test_the_detail_of_a_422_is_shown(serve: Serve) -> None:
    detail = [{"loc": ["body", "messages", 0], "msg": "Input should be a valid dictionary"}]
    async with opened(server_with(serve, s.fail(422, {"detail": detail}), None)) as models:
        with pytest.raises(ServerFaultError, match=r"body\.messages\.0: Input should be a valid"):
            await models.stream(request(), everything)
