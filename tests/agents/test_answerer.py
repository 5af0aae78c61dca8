from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from novelcraft.agents.answerer import (
    NOT_SAID,
    AnswerOutput,
    QuestionInput,
    Sentence,
    answer_question,
)
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import STANDARD
from novelcraft.tools.models.asking import Caller
from tests.fakes import script as s
from tests.fakes.chat import ChatRequest
from tests.fakes.server import FakeServer
from tests.tools.models.support import opened

Serve = Callable[..., FakeServer]

SENTENCES = tuple(Sentence(scene=n, text=f"The lamp went out {n} times.") for n in (2, 3, 5))
UNKNOWN = AnswerOutput(answer=NOT_SAID, known=False)


async def asked(
    serve: Serve,
    answer: dict[str, Any],
    sentences: tuple[Sentence, ...] = SENTENCES,
    facts: tuple[str, ...] = (),
) -> tuple[AnswerOutput, list[ChatRequest]]:
    script = s.Script()
    script.on(s.anything, s.say(json.dumps(answer)))
    server = serve(script=script)
    given = QuestionInput(question="How often?", sentences=sentences, facts=facts)
    async with opened(server) as models:
        session = AgentSession(Caller(models, 1), STANDARD, "x")
        return await answer_question(given, session), server.requests


def said(*numbers: int, answered: bool = True, answer: str = " Five\ntimes. ") -> dict[str, Any]:
    return {"answered": answered, "answer": answer, "sentences": numbers}


async def test_an_answer_cites_its_sentences_once_in_the_book_s_order(serve: Serve) -> None:
    output, (request,) = await asked(serve, said(3, 1, 3))
    assert output == AnswerOutput(
        answer="Five times.", known=True, cited=(SENTENCES[0], SENTENCES[2])
    )
    for n, sentence in enumerate(SENTENCES, 1):
        assert f"[{n}] (scene {sentence.scene}) {sentence.text}" in request.user
    assert "How often?" in request.user


@pytest.mark.parametrize(
    "answer",
    [said(1, answered=False), said(1, answer=" "), said()],
    ids=["not answered", "no words", "no sentence"],
)
async def test_an_answer_that_rests_on_nothing_is_none(
    serve: Serve, answer: dict[str, Any]
) -> None:
    output, _ = await asked(serve, answer)
    assert output == UNKNOWN


async def test_where_there_are_only_facts_they_are_enough(serve: Serve) -> None:
    output, (request,) = await asked(serve, said(1), (), ("The lamp: It went out.",))
    assert output == AnswerOutput(answer="Five times.", known=True)
    assert "The lamp: It went out." in request.user


async def test_where_nothing_is_known_nobody_is_asked(serve: Serve) -> None:
    output, requests = await asked(serve, said(1), ())
    assert output == UNKNOWN
    assert requests == []


async def test_the_schema_knows_how_many_sentences_there_are(serve: Serve) -> None:
    _, (request,) = await asked(serve, said(1))
    fields = (request.schema or {})["properties"]
    assert fields["sentences"]["items"]["maximum"] == 3
    assert fields["sentences"]["items"]["minimum"] == 1
    assert fields["sentences"]["maxItems"] == 4
    assert fields["answer"]["maxLength"] == 800
