from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest

PLAIN = Answer("Plain words of an answer that goes on for a while.")


def request(text: str = "Write the scene, about 40 words.", **body: Any) -> ChatRequest:
    return ChatRequest({"messages": [{"role": "user", "content": text}], **body})


def test_a_rule_applies_after_some_and_for_a_count() -> None:
    script = s.Script()
    rule = script.on(s.has("scene"), s.say("staged"), after=2, count=1)
    said = [script.play(request(), PLAIN).text for _ in range(4)]
    assert [text == "staged" for text in said] == [False, False, True, False]
    assert rule.spent


def test_other_requests_do_not_count() -> None:
    script = s.Script()
    script.on(s.has("scene"), s.say("staged"), after=1)
    assert script.play(request("Something else."), PLAIN) is PLAIN
    assert script.play(request(), PLAIN) is PLAIN
    assert script.play(request(), PLAIN).text == "staged"


def test_the_first_rule_that_applies_decides() -> None:
    script = s.Script()
    script.on(s.anything, s.say("first"), count=1)
    script.on(s.anything, s.say("second"))
    assert [script.play(request(), PLAIN).text for _ in range(3)] == ["first", "second", "second"]


@pytest.mark.parametrize(
    ("predicate", "asked", "matches"),
    [
        (s.prose, request(), True),
        (
            s.prose,
            request(
                response_format={"type": "json_schema", "json_schema": {"name": "A", "schema": {}}}
            ),
            False,
        ),
        (
            s.with_schema("A"),
            request(
                response_format={"type": "json_schema", "json_schema": {"name": "A", "schema": {}}}
            ),
            True,
        ),
        (s.with_schema("B"), request(), False),
        (s.for_model("m"), request(model="m"), True),
        (s.has("nowhere"), request(), False),
    ],
)
def test_predicates(predicate: s.Predicate, asked: ChatRequest, matches: bool) -> None:
    assert predicate(asked) is matches


def test_effects() -> None:
    asked = request()
    assert s.cut_off(3)(asked, PLAIN) == Answer("Plain words of", finish_reason="length")
    assert s.fail(503)(asked, PLAIN).status == 503
    assert s.drop(5)(asked, PLAIN).drop_after == 5
    assert s.edit(str.upper)(asked, PLAIN).text == PLAIN.text.upper()
    assert s.say(lambda r: r.user)(asked, PLAIN).text == asked.user
    assert s.loop("Round it goes.")(asked, PLAIN).text.count("Round it goes.") == 13
    assert s.think("Hm.")(asked, PLAIN).content == f"<think>\nHm.\n</think>\n\n{PLAIN.text}"
    assert s.think("Hm.", "reasoning")(asked, PLAIN).content == PLAIN.text
    assert "language model" in s.refuse()(asked, PLAIN).text
