"""The narrator against a server: where a draft ends, when it is carried on, what is kept of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from novelcraft.agents.narrator import LEAST_TOKENS, MAX_SEGMENTS, NarrationInput, narrate
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import STANDARD
from novelcraft.state.base import derive_seed
from novelcraft.state.layout import LayoutNote
from novelcraft.state.manuscript import count_words
from novelcraft.tools.metrics.draft_length import LengthRule
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.calls import MemoryLog
from tests.agents.requests import PROMPT
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tools.models.support import opened

Serve = Callable[..., FakeServer]

TARGET = 100
RULE = LengthRule.of(STANDARD, TARGET)
SENTENCE = "Elias Marrow went down to the grey sea again today. "
"""Ten words."""


def given(**changes: Any) -> NarrationInput:
    fields: dict[str, Any] = {
        "prompt": PROMPT,
        "target_words": TARGET,
        "asked_words": TARGET,
        "can_continue": True,
    }
    return NarrationInput.model_validate({**fields, **changes})


@asynccontextmanager
async def session_on(
    server: FakeServer, log: MemoryLog | None = None
) -> AsyncIterator[AgentSession]:
    async with opened(server, log) as models:
        yield AgentSession(Caller(models, 7), STANDARD, "book/step")


def saying(serve: Serve, *answers: tuple[str, str]) -> FakeServer:
    """A server that gives these texts and reasons to stop, one after the other."""
    script = s.Script()
    for text, reason in answers[:-1]:
        script.on(s.anything, s.say(text, reason), count=1)
    script.on(s.anything, s.say(*answers[-1]))
    return serve(script=script)


def test_a_narration_is_the_first_and_begins_as_it_likes_unless_it_is_told_otherwise() -> None:
    plain = NarrationInput.model_validate(
        {"prompt": PROMPT, "target_words": 1, "asked_words": 1, "attempt": 1}
    )
    assert plain == given(target_words=1, asked_words=1, can_continue=False)
    assert (plain.attempt, plain.room, plain.opening) == (1, 0, "")
    for wrong in ({"attempt": 0}, {"room": -1}, {"target_words": 0}, {"tokens_per_word": 0}):
        with pytest.raises(ValidationError):
            given(**wrong)


async def test_a_draft_of_its_length_is_one_call_and_traced_to_it(serve: Serve) -> None:
    server = saying(serve, (SENTENCE * 10, "stop"))
    log, seen = MemoryLog(), list[str]()
    async with session_on(server, log) as session:
        found = await narrate(given(attempt=3, asked_words=200), session, seen.append)
    (request,) = server.requests
    (record,) = log.records
    made = found.provenance
    assert found.prose == seen[-1].strip() == (SENTENCE * 10).strip()
    assert (made.finish_reason, made.attempt, made.pace) == ("stop", 3, 0.5)
    assert made.calls == (record.key,)
    assert made.seed == request.seed == derive_seed(7, "scene.narrate", "book/step", 0)
    assert made.prompt_hash == given().prompt.hash
    assert made.template_hash == "0" * 64
    assert made.prompt_tokens == record.usage.prompt_tokens > 0
    assert made.completion_tokens == record.usage.completion_tokens > 0
    assert (made.model, made.adapter, made.sampling) == (record.model, "", record.sampling)
    assert record.step == "book/step/0"
    assert record.purpose == "scene.narrate"
    assert request.prefill == ""


async def test_a_draft_tells_the_layout_that_its_prompt_had(serve: Serve) -> None:
    server = saying(serve, (SENTENCE * 10, "stop"))
    layout = {"name": "lean", "hash": "1" * 64}
    async with session_on(server) as session:
        found = await narrate(given(prompt={**PROMPT, "layout": layout}), session)
    assert found.provenance.layout == LayoutNote.model_validate(layout)


async def test_a_bound_on_tokens_says_nothing_of_the_pace(serve: Serve) -> None:
    server = saying(serve, (SENTENCE * 10, "length"))
    async with session_on(server) as session:
        found = await narrate(given(tokens_per_word=0.2, can_continue=False), session)
    assert found.provenance.pace == 0


@pytest.mark.parametrize("reason", ["stop", "length"])
async def test_a_draft_that_stops_early_is_carried_on_from_its_last_sentence(
    serve: Serve, reason: str
) -> None:
    server = saying(serve, (f"{SENTENCE * 5}And then the", reason), (SENTENCE * 5, "stop"))
    log = MemoryLog()
    async with session_on(server, log) as session:
        found = await narrate(given(), session)
    first, second = server.requests
    assert second.prefill == f"{(SENTENCE * 5).strip()}\n\n"
    assert found.prose == f"{(SENTENCE * 5).strip()}\n\n{(SENTENCE * 5).strip()}"
    assert first.seed != second.seed
    assert (second.max_tokens or 0) < (first.max_tokens or 0)
    made = found.provenance
    assert made.seed == first.seed
    assert made.calls == tuple(r.key for r in log.records)
    assert made.prompt_tokens == sum(r.usage.prompt_tokens for r in log.records)
    assert made.completion_tokens == sum(r.usage.completion_tokens for r in log.records)
    assert made.pace == 0.53


async def test_half_a_sentence_alone_is_carried_on_as_it_is(serve: Serve) -> None:
    server = saying(serve, ("He went down", "stop"), (SENTENCE * 10, "stop"))
    async with session_on(server) as session:
        await narrate(given(), session)
    assert server.requests[1].prefill == "He went down\n\n"


async def test_a_draft_is_carried_on_only_so_often(serve: Serve) -> None:
    server = saying(serve, (SENTENCE, "stop"))
    async with session_on(server) as session:
        found = await narrate(given(), session)
    assert len(server.requests) == MAX_SEGMENTS == len(found.provenance.calls)
    assert count_words(found.prose) == MAX_SEGMENTS * 10


@pytest.mark.parametrize(
    ("answer", "changes"),
    [
        ((SENTENCE * 5, "content_filter"), {}),
        ((SENTENCE * 5, "stop"), {"can_continue": False}),
        ((" ", "stop"), {}),
    ],
    ids=["filtered", "a server that carries nothing on", "nothing"],
)
async def test_a_draft_is_not_carried_on(
    serve: Serve, answer: tuple[str, str], changes: dict[str, Any]
) -> None:
    server = saying(serve, answer)
    async with session_on(server) as session:
        found = await narrate(given(**changes), session)
    assert len(server.requests) == 1
    assert found.prose == answer[0].strip()
    assert found.provenance.finish_reason == answer[1]


@pytest.mark.parametrize(
    ("words", "short"), [(RULE.low - 1, True), (RULE.low, False)], ids=["below", "at"]
)
async def test_the_lower_length_decides_whether_it_is(
    serve: Serve, words: int, short: bool
) -> None:
    server = saying(serve, ("sea " * (words - 1) + "sea.", "stop"), (SENTENCE, "stop"))
    async with session_on(server) as session:
        await narrate(given(), session)
    assert (len(server.requests) > 1) == short


async def test_an_opening_begins_the_draft_where_the_server_carries_on(serve: Serve) -> None:
    server = saying(serve, (f"{SENTENCE * 10}", "stop"))
    async with session_on(server) as session:
        found = await narrate(given(opening="On the slip, "), session)
        without = await narrate(given(opening="On the slip, ", can_continue=False), session)
    assert [r.prefill for r in server.requests] == ["On the slip, ", ""]
    assert found.prose.startswith("On the slip, Elias Marrow")
    assert without.prose.startswith("Elias Marrow")


async def test_an_opening_alone_is_no_prose(serve: Serve) -> None:
    server = saying(serve, ("", "stop"))
    async with session_on(server) as session:
        found = await narrate(given(opening="On the slip,"), session)
    assert found.prose == ""


@pytest.mark.parametrize(
    ("tail", "reason", "kept"),
    [
        ("And then the", "length", True),
        ("And then the", "stop", True),
        ("", "length", True),
        ("", "stop", False),
        ("And then the", "content_filter", False),
    ],
)
async def test_a_draft_that_is_long_enough_ends_at_its_last_sentence(
    serve: Serve, tail: str, reason: str, kept: bool
) -> None:
    server = saying(serve, (f"{SENTENCE * 10}{tail}", reason))
    async with session_on(server) as session:
        found = await narrate(given(can_continue=False), session)
    cut = kept or not tail
    assert found.prose == (SENTENCE * 10 + ("" if cut else tail)).strip()
    assert found.provenance.finish_reason == ("length_reached" if kept else reason)


@pytest.mark.parametrize(("more", "kept"), [(0, True), (-1, False)])
async def test_below_the_least_length_it_stays_cut_off(serve: Serve, more: int, kept: bool) -> None:
    whole = "sea " * (RULE.least + more - 1) + "sea."
    server = saying(serve, (f"{whole} And then", "length"))
    async with session_on(server) as session:
        found = await narrate(given(can_continue=False), session)
    assert found.prose == (whole if kept else f"{whole} And then")
    assert found.provenance.finish_reason == ("length_reached" if kept else "length")


async def test_a_draft_that_goes_on_is_ended_at_a_paragraph(serve: Serve) -> None:
    paragraph = f"{(SENTENCE * 5).strip()}\n\n"
    server = saying(serve, (paragraph * 8, "stop"))
    async with session_on(server) as session:
        found = await narrate(given(), session)
    assert found.provenance.finish_reason == "length_reached"
    assert RULE.high <= count_words(found.prose) < RULE.high + 50
    assert found.prose.endswith("today.")


async def test_a_draft_without_an_end_is_ended_all_the_same(serve: Serve) -> None:
    server = saying(serve, ("sea " * 900, "length"))
    async with session_on(server) as session:
        found = await narrate(given(), session)
    assert found.provenance.finish_reason == "too_long"
    assert count_words(found.prose) < 2.1 * RULE.high


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"tokens_per_word": 2.0}, RULE.tokens(2.0)),
        ({"tokens_per_word": 9.5}, RULE.tokens(9.5)),
        ({"tokens_per_word": 9.5, "room": 500}, 500),
        ({"room": 20}, LEAST_TOKENS),
        ({"tokens_per_word": 2.0, "opening": "On the slip,"}, RULE.tokens(2.0) - 6),
    ],
    ids=["two a word", "an expensive tokenizer", "a tight context", "hardly any room", "begun"],
)
async def test_a_draft_may_take_what_its_length_and_the_servers_room_give(
    serve: Serve, changes: dict[str, Any], asked: int
) -> None:
    server = saying(serve, (SENTENCE * 10, "stop"))
    async with session_on(server) as session:
        await narrate(given(**changes), session)
    assert server.requests[0].max_tokens == asked
