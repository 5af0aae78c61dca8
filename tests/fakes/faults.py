"""The faults of servers and models that are staged, by what they are: the world's, not ours."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes import script as s
from tests.fakes.handler import Staged
from tests.fakes.server import FakeServer

CHUNK: dict[str, Any] = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def chunk(content: str, finish: str | None = None) -> str:
    """An event of a stream."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return json.dumps({**CHUNK, "choices": [choice]})


WHOLE = {
    "empty": s.raw(b""),
    "null": s.raw("null"),
    "no choices": s.raw('{"id": "1", "object": "chat.completion", "choices": []}'),
    "choices null": s.raw('{"id": "1", "object": "chat.completion", "choices": null}'),
    "a list": s.raw("[1, 2]"),
    "a number": s.raw("17"),
    "message null": s.raw('{"id": "1", "choices": [{"index": 0, "message": null}]}'),
    "HTML": s.raw("<html><body>Sign in to the hotel's network</body></html>", kind="text/html"),
    "no UTF-8": s.raw(b'{"id": "\xff\xfe'),
    "half a JSON": s.raw('{"id": "1", "choices": [{"index'),
    "an error in a 200": s.raw('{"error": {"message": "upstream is gone", "code": 502}}'),
    "an answer that failed": s.say("Once ", "error"),
    "counts in words": s.raw(
        '{"id": "1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}}], '
        '"usage": {"prompt_tokens": "x"}}'
    ),
}
"""Answers that are none, as a whole."""
STREAMED = {
    **WHOLE,
    "broken line": s.events(chunk("Once "), "{broken"),
    "bytes": s.events(chunk("Once "), b"data: \xff\xfe\n\n"),
    "event null": s.events("null"),
    "no choices streamed": s.events(json.dumps({**CHUNK, "choices": None})),
    "usage of words": s.events(
        json.dumps({**CHUNK, "choices": [], "usage": {"prompt_tokens": "x"}})
    ),
    "no end": s.events(chunk("Once ")),
    "aborted": s.events(chunk("Once ", "abort")),
    "error in the stream": s.events('{"error": {"message": "upstream is gone", "code": 502}}'),
}
"""Answers that are none, where a stream was asked for."""

OVERFLOWS = [
    "You passed {prompt} input tokens and requested 400 output tokens. However, the model's "
    "context length is only 90 tokens, resulting in a maximum input length of -310 tokens.",
    "This model's maximum context length is 90 tokens. However, your request has {prompt} input "
    "tokens. Please reduce the length of the input messages.",
    "the input length exceeds the context length",
    "prompt is too long: {prompt} tokens > 90 maximum",
    "input length and `max_tokens` exceed context limit: {prompt} + 400 > 90, decrease input "
    "length or `max_tokens` and try again",
    "The input token count ({prompt}) exceeds the maximum number of tokens allowed (90).",
    "request ({prompt} tokens) exceeds the available context size (90 tokens), try increasing it",
]
"""In whose words a prompt is too long."""
LIMITS = [
    "max_tokens is too large: {asked}. This model supports at most {limit} completion tokens, "
    "whereas you provided {asked}.",
    "max_tokens: {asked} > {limit}, which is the maximum allowed number of output tokens",
    "`max_tokens` must be less than or equal to `{limit}`, the maximum value for `max_tokens`",
    "Range of max_tokens should be [1, {limit}]",
]
"""In whose words an answer would be too long."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong while a novel's second scene is due, or before."""

    what: str
    then: s.Effect | None = None
    """What the server answers in the place of its plain answer."""
    when: s.Predicate = s.prose
    count: int | None = None
    """How often it does; None always."""
    server: Mapping[str, Any] = field(default_factory=dict)
    """Options of the fake server."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """What the person has set besides."""
    alike: bool = False
    """Whether it is the one before in other words."""

    @contextmanager
    def staged(self, **options: Any) -> Iterator[FakeServer]:
        """A server with the fault."""
        script = s.Script()
        if self.then is not None:
            script.on(self.when, self.then, count=self.count)
        with FakeServer(
            **{"script": script, "flavour": "vllm", **options, **self.server}
        ) as server:
            yield server


def _models(reply: Staged, times: int | None = None) -> dict[str, Any]:
    replies = itertools.repeat(reply) if times is None else [reply] * times
    return {"staged": {"/v1/models": replies}}


_LOADING = 503, {"error": {"message": "Loading model", "code": 503}}
_GONE = {
    "NARRATOR_BASE_URL": "http://127.0.0.1:9/v1",
    "REASONING_BASE_URL": "http://127.0.0.1:9/v1",
}
_HASTY = {"NARRATOR_TIMEOUT": "1"}
_PATIENT = {"NARRATOR_PATIENCE": "1", "REASONING_PATIENCE": "1"}
_SUMMARY = s.with_schema("SummaryAnswer")
_THOUGHT = "The user wants a scene. Let me think about the sea. "
_REFUSES = "Unsupported parameter: '{}' is not supported. Use 'max_completion_tokens' instead."


def faults(key: str) -> list[Fault]:
    """All of them, in the order of a page.

    Args:
        key: The API key, which some servers give back.
    """
    refused = {"error": {"message": f"Incorrect API key provided: {key}", "code": "x"}}
    detail = [{"loc": ["body", "messages", 0], "msg": "Input should be a valid dictionary"}]
    broke = {"error": {"message": "Failed to generate JSON", "code": "json_validate_failed"}}
    return [
        Fault("nothing answers at the URL", environ=_GONE),
        Fault("the key is wrong", server={"api_key": "another"}),
        Fault("the key is refused in words that repeat it", s.fail(401, refused)),
        Fault("the model is not served", server={"models": ["another-model"]}),
        Fault("the context is too short", server={"context": 512}),
        Fault("the list of models is an error", server=_models((500, {"error": "out of memory"}))),
        Fault("the list of models is no list", server=_models((200, {"data": "none"}))),
        Fault("there is no list of models", server=_models((404, {}))),
        Fault(
            "the model is being loaded, for a second", server=_models(_LOADING, 1), environ=_PATIENT
        ),
        Fault("the model is being loaded, for ever", server=_models(_LOADING)),
        Fault("requests are sent on to another server", s.redirect("http://other.example/v1")),
        *(
            Fault(f"`{name}` is refused", s.refuse_field(name), s.sends(name))
            for name in ("seed", "stream_options", "temperature")
        ),
        Fault(
            "`max_tokens` has another name",
            s.refuse_field("max_tokens", _REFUSES),
            s.sends("max_tokens"),
        ),
        *(
            Fault(
                f"an answer is too long: {words.format(asked=900, limit=400)}",
                s.most_tokens(400, words),
                s.anything,
                alike=words != LIMITS[0],
            )
            for words in LIMITS
        ),
        *(
            Fault(
                f"a prompt is too long: {words.format(prompt=500)}",
                s.most_tokens(0, words),
                alike=words != OVERFLOWS[0],
            )
            for words in OVERFLOWS
        ),
        Fault("prompts are cut in silence", s.read_only(100)),
        Fault("HTTP 500, once", s.fail(500), count=1, environ=_PATIENT),
        Fault("HTTP 500, for ever", s.fail(500)),
        Fault("HTTP 500 with the key in it", s.fail(500, refused)),
        Fault("HTTP 400", s.fail(400)),
        Fault("HTTP 422", s.fail(422, {"detail": detail})),
        Fault("HTTP 429 with `Retry-After: 1`, once", s.busy("1"), count=1, environ=_PATIENT),
        Fault("HTTP 429 with `Retry-After: 60`", s.busy("60")),
        Fault("HTTP 529, for ever", s.fail(529)),
        Fault("a stream breaks off, once", s.drop(), count=1, environ=_PATIENT),
        Fault("a stream breaks off, for ever", s.drop()),
        Fault("no answer comes", s.wait(60), environ=_HASTY),
        Fault("a stream stands still", s.hold(threading.Event(), after=20), environ=_HASTY),
        *(
            Fault(f"a stream is odd: {what}", effect, alike=what not in ("empty", "null", "no end"))
            for what, effect in STREAMED.items()
        ),
        *(
            Fault(f"an answer in JSON is odd: {what}", WHOLE[what], _SUMMARY)
            for what in ("empty", "HTML", "an error in a 200")
        ),
        Fault("JSON breaks its schema, once", s.refuse(), _SUMMARY, count=1, environ=_PATIENT),
        Fault("JSON breaks its schema, for ever", s.refuse(), _SUMMARY),
        Fault("a gateway finds that JSON breaks its schema", s.fail(400, broke), _SUMMARY),
        *(replace(fault, server={"flavour": "openai"}) for fault in _narrators()),
    ]


def _narrators() -> list[Fault]:
    return [
        Fault("the narrator says nothing", s.nothing()),
        Fault("the narrator says nothing, as a filter does", s.nothing("content_filter")),
        Fault("the narrator refuses", s.refuse()),
        Fault("the narrator only thinks", s.only_thinking()),
        Fault("the narrator only thinks, in a field", s.only_thinking("reasoning")),
        Fault("the narrator thinks aloud", s.say(_THOUGHT * 12)),
        Fault("the narrator writes another script", s.in_cyrillic()),
        Fault("the narrator writes a word without an end", s.wordless()),
        Fault("the narrator is cut off after 40 tokens", s.cut_off()),
        Fault("the narrator goes round in circles, once", s.loop(), count=1, environ=_PATIENT),
        Fault("the narrator goes round in circles", s.loop()),
        Fault(
            "the narrator writes notes above the scene", s.edit(lambda text: f"## Notes\n\n{text}")
        ),
        Fault("the narrator writes half of what is asked", s.paced(0.5)),
        Fault("the narrator writes twice what is asked", s.paced(2.0)),
        Fault("the narrator writes the key", s.echo_key()),
        Fault("codes of a terminal in the prose", s.edit(lambda text: f"\x1b[31m{text}\x00")),
    ]
