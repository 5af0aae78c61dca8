"""The agents that read a scene: what they make of an answer, and what they drop of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from novelcraft.agents.archivist import FactsInput, extract_facts
from novelcraft.agents.continuity import ContinuityInput, check_continuity
from novelcraft.agents.session import AgentSession
from novelcraft.agents.summarizer import (
    BookSummaryInput,
    SummaryInput,
    summarize,
    update_summary,
)
from novelcraft.config.presets import SMALL, STANDARD, SizePreset
from novelcraft.errors import InvalidAnswerError, ModelError
from novelcraft.state.manuscript import Fact
from novelcraft.tools.models.asking import Caller
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tools.models.support import opened

Serve = Callable[..., FakeServer]

PROSE = "Elias Marrow lit the lamp. “It is late,” said Anna Veil. The sea said nothing."


def answering(serve: Serve, answer: Any) -> FakeServer:
    """A server that says this to everybody, as JSON."""
    script = s.Script()
    script.on(s.anything, s.say(json.dumps(answer)))
    return serve(script=script)


@asynccontextmanager
async def session_on(
    server: FakeServer, preset: SizePreset = STANDARD
) -> AsyncIterator[AgentSession]:
    async with opened(server) as models:
        yield AgentSession(Caller(models, 7), preset, "step")


async def test_a_contradiction_stands_with_its_quote_and_what_to_heed(serve: Serve) -> None:
    server = answering(
        serve, {"contradictions": [{"quote": "lit the lamp", "problem": " The lamp is broken.\n"}]}
    )
    async with session_on(server) as session:
        found = await check_continuity(ContinuityInput(prose=PROSE, known=("x",)), session)
    (finding,) = found.findings
    assert finding.check == "continuity.contradiction"
    assert finding.severity == "warn"
    assert finding.message == "The lamp is broken."
    assert finding.evidence == ("lit the lamp",)
    assert finding.constraint == "Do not contradict this: The lamp is broken."


async def test_a_contradiction_that_quotes_what_is_not_there_is_dropped(serve: Serve) -> None:
    said = [
        {"quote": "Elias lit the lamp", "problem": "He is dead."},
        {"quote": "The sea said nothing.", "problem": "It spoke before."},
        {"quote": "“It is early,”", "problem": "It is noon."},
    ]
    async with session_on(answering(serve, {"contradictions": said})) as session:
        found = await check_continuity(ContinuityInput(prose=PROSE, known=("x",)), session)
    assert [f.message for f in found.findings] == ["It spoke before."]


async def test_where_nothing_is_known_nobody_is_asked(serve: Serve) -> None:
    server = serve()
    async with session_on(server) as session:
        found = await check_continuity(ContinuityInput(prose=PROSE, known=()), session)
    assert found.findings == ()
    assert server.requests == []


async def test_a_fact_stays_without_a_quote_that_is_not_there(serve: Serve) -> None:
    said = [
        {"about": " Elias Marrow ", "fact": "He lit the lamp. ", "quote": " lit the lamp "},
        {"about": "Anna Veil", "fact": "She is tired.", "quote": "she yawned"},
        {"about": "Anna Veil", "fact": "HE LIT THE LAMP.", "quote": "lit"},
        {"about": "Elias", "fact": " ", "quote": "lit"},
        {"about": "\n", "fact": "Somebody lit the lamp.", "quote": "lit"},
        {"about": "the sea", "fact": "It is silent.", "quote": "said nothing"},
    ]
    async with session_on(answering(serve, {"facts": said})) as session:
        found = await extract_facts(FactsInput(prose=PROSE), session)
    assert found.facts == (
        Fact(subject="Elias Marrow", statement="He lit the lamp.", quote="lit the lamp"),
        Fact(subject="Anna Veil", statement="She is tired.", quote=""),
        Fact(subject="the sea", statement="It is silent.", quote="said nothing"),
    )


@pytest.mark.parametrize(
    ("flavour", "context", "asked_for"),
    [("llamacpp", 8_192, 3), ("llamacpp", 350, 1), ("llamacpp", 200, 1), ("openai", 100, 3)],
)
async def test_fewer_facts_are_asked_for_where_there_is_no_room_for_more(
    serve: Serve, flavour: str, context: int, asked_for: int
) -> None:
    server = serve(flavour=flavour, context=context)
    async with session_on(server, SMALL) as session:
        with suppress(ModelError):  # where there is no room for one, the server says so
            await extract_facts(FactsInput(prose=PROSE), session)
    wanted = {r.schema["properties"]["facts"]["maxItems"] for r in server.requests if r.schema}
    assert wanted == {asked_for}


async def test_a_summary_is_one_line_and_whole(serve: Serve) -> None:
    said = "Elias lit the lamp and Anna\ncame up the stair. Then she"
    async with session_on(answering(serve, {"summary": said})) as session:
        found = await summarize(SummaryInput(prose=PROSE, summary="Elias waits."), session)
    assert found.summary == "Elias lit the lamp and Anna came up the stair."


async def test_a_books_summary_names_who_died_once(serve: Serve) -> None:
    said = {"summary": " He died. ", "lasting": "The lamp is out. ", "died": ["Elias", "Elias"]}
    given = BookSummaryInput(prose=PROSE, world="", summary="", living=("Anna", "Elias"))
    async with session_on(answering(serve, said)) as session:
        found = await update_summary(given, session)
    assert (found.summary, found.lasting_fact) == ("He died.", "The lamp is out.")
    assert found.dead == ("Elias",)


async def test_where_nobody_lives_nobody_dies(serve: Serve) -> None:
    server = answering(serve, {"summary": "The sea rose.", "lasting": "The rock is bare."})
    async with session_on(server) as session:
        found = await update_summary(BookSummaryInput(prose=PROSE, world="", summary=""), session)
    assert found.dead == ()
    (request,) = server.requests
    assert "died" not in (request.schema or {})["properties"]


@pytest.mark.parametrize(
    ("run", "given", "purpose"),
    [
        (check_continuity, ContinuityInput(prose=PROSE, known=("x",)), "scene.continuity"),
        (extract_facts, FactsInput(prose=PROSE), "scene.extract"),
        (summarize, SummaryInput(prose=PROSE, summary=""), "scene.summarize"),
        (update_summary, BookSummaryInput(prose=PROSE, world="", summary=""), "prep.summarize"),
    ],
)
async def test_an_answer_that_breaks_the_schema_is_an_error_that_names_the_step(
    serve: Serve, run: Callable[..., Any], given: Any, purpose: str
) -> None:
    async with session_on(answering(serve, {"surprise": 1})) as session:
        with pytest.raises(InvalidAnswerError, match=rf"no valid answer to {purpose} \(step\)"):
            await run(given, session)


async def test_all_who_read_a_scene_are_asked_alike_up_to_its_end(serve: Serve) -> None:
    """So that a server reads it once, and the others find it in its prefix cache."""
    server = serve()
    async with session_on(server) as session:
        await extract_facts(FactsInput(prose=PROSE), session)
        await summarize(SummaryInput(prose=PROSE, summary="It began."), session)
        await check_continuity(ContinuityInput(prose=PROSE, known=("x",)), session)
    begins = {request.prompt.partition(PROSE)[0] for request in server.requests}
    assert len(server.requests) == 3
    assert len(begins) == 1
