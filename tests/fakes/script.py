"""Staging: which requests get what in place of the plain answer.

    script = Script()
    script.on(prose, loop(), after=2, count=1)    # the third narration loops
    script.on(with_schema("Summary"), fail(500), count=1)
    script.on(anything, drop(after=20))

The first rule that applies decides. Predicates take a `ChatRequest`; effects take the request
and the plain answer, and give the one to send.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes import tokens
from tests.fakes.brain import find_names
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.instances import InstanceMaker
from tests.fakes.prose import Novelist

Predicate = Callable[[ChatRequest], bool]
Effect = Callable[[ChatRequest, Answer], Answer]


@dataclass
class Rule:
    when: Predicate
    then: Effect
    count: int | None = None
    """How many matches it applies to; None all."""
    after: int = 0
    """How many matches it lets pass first."""
    seen: int = 0

    def applies(self, request: ChatRequest) -> bool:
        """Whether it is this rule's turn; counts the match."""
        if not self.when(request):
            return False
        self.seen += 1
        used = self.seen - self.after
        return used > 0 and (self.count is None or used <= self.count)

    @property
    def spent(self) -> bool:
        """It was applied as often as it was meant to."""
        return self.seen >= self.after + (self.count or 1)


class Script:
    """Rules in order. Safe to use from many threads."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._lock = threading.Lock()

    def on(
        self, when: Predicate, then: Effect, *, count: int | None = None, after: int = 0
    ) -> Rule:
        """Add a rule; the returned object counts its matches."""
        rule = Rule(when, then, count, after)
        self.rules.append(rule)
        return rule

    def play(self, request: ChatRequest, plain: Answer) -> Answer:
        """The answer to send: the first applying rule's, or the plain one."""
        with self._lock:
            rule = next((r for r in self.rules if r.applies(request)), None)
        return plain if rule is None else rule.then(request, plain)


def anything(_request: ChatRequest) -> bool:
    return True


def has(*texts: str) -> Predicate:
    """The prompt holds one of these texts."""
    return lambda request: any(text in request.prompt for text in texts)


def with_schema(*names: str) -> Predicate:
    """The answer is asked for in a schema with one of these names."""
    return lambda request: request.schema_name in names


def prose(request: ChatRequest) -> bool:
    """Free text is asked for, not JSON."""
    return request.schema is None and not trial(request)


def trial(request: ChatRequest) -> bool:
    """The short question before a run, by which it is found out what a server takes."""
    return request.user.startswith("Answer with the one word")


def sends(field: str) -> Predicate:
    """The request has a field of that name."""
    return lambda request: field in request.body


def for_model(name: str) -> Predicate:
    return lambda request: request.model == name


def say(text: str | Callable[[ChatRequest], str], finish_reason: str = "stop") -> Effect:
    """Answer with this text."""
    return lambda request, plain: replace(
        plain, text=text(request) if callable(text) else text, finish_reason=finish_reason
    )


def at_its_bounds() -> Effect:
    """Answer a schema with all that it allows: every text and list as long as may be."""

    def then(request: ChatRequest, plain: Answer) -> Answer:
        maker = InstanceMaker(
            request.schema or {}, request.key, find_names(request.prompt), full=True
        )
        return replace(plain, text=json.dumps(maker.make(), ensure_ascii=False))

    return then


def structured(request: ChatRequest) -> bool:
    """JSON is asked for."""
    return request.schema is not None


def edit(change: Callable[[str], str]) -> Effect:
    """Answer with the plain text, changed."""
    return lambda _request, plain: replace(plain, text=change(plain.text))


def fail(status: int, body: Any = None) -> Effect:
    """Answer with an HTTP error."""
    error = body or {"error": {"message": f"staged fault {status}", "code": status}}
    return lambda _request, plain: replace(plain, status=status, error=error)


def raw(body: bytes | str, status: int = 200, kind: str = "application/json") -> Effect:
    """Answer with these very bytes."""
    sent = body.encode() if isinstance(body, str) else body
    return lambda _request, plain: replace(plain, raw=sent, status=status, kind=kind)


def events(*lines: bytes | str) -> Effect:
    """Answer with a stream of these events: text goes after `data:`, bytes as they are."""
    sent = b"".join(x if isinstance(x, bytes) else f"data: {x}\n\n".encode() for x in lines)
    return raw(sent, kind="text/event-stream")


def busy(retry_after: str, status: int = 429) -> Effect:
    """Answer that there is too much to do, and when to come again."""
    return lambda request, plain: replace(
        fail(status)(request, plain), headers=(f"Retry-After: {retry_after}",)
    )


def redirect(location: str, status: int = 307) -> Effect:
    """Send the request on to another place."""
    return lambda _request, plain: replace(
        plain, status=status, error={}, headers=(f"Location: {location}",)
    )


def most_tokens(limit: int, message: str) -> Effect:
    """Refuse what asks for a longer answer than the limit, in the words of a server."""

    def then(request: ChatRequest, plain: Answer) -> Answer:
        asked = request.max_tokens or 0
        if asked <= limit:
            return plain
        said = message.format(asked=asked, limit=limit, prompt=request.prompt_tokens)
        return fail(400, {"error": {"message": said, "type": "invalid_request_error"}})(
            request, plain
        )

    return then


def refuse_field(name: str, message: str = "Unsupported parameter: '{}'") -> Effect:
    """Answer that a field of the request is not taken; to be used with `sends`."""
    error = {"message": message.format(name), "type": "invalid_request_error", "param": name}
    return fail(400, {"error": {**error, "code": "unsupported_parameter"}})


def read_only(prompt_tokens: int) -> Effect:
    """Cut the prompt in silence: only the counts say so."""
    return lambda _request, plain: replace(plain, prompt_read=prompt_tokens)


def echo_key() -> Effect:
    """Answer with the key that the request carries, in the words of the answer."""
    return lambda request, plain: replace(plain, text=f"{plain.text[:40]} {request.authorization}.")


def drop(after: int = 10) -> Effect:
    """Break the connection after so many tokens."""
    return lambda _request, plain: replace(plain, drop_after=after)


def wait(seconds: float) -> Effect:
    """Say nothing for so long, then answer."""
    return lambda _request, plain: replace(plain, delay=seconds)


def pace(seconds: float) -> Effect:
    """Wait so long before every chunk of a stream."""
    return lambda _request, plain: replace(plain, pace=seconds)


def hold(until: threading.Event, after: int = 0) -> Effect:
    """Say nothing, or no more than so many tokens of a stream, until the event is set."""
    return lambda _request, plain: replace(plain, hold=until, hold_after=after)


def cut_off(after: int = 40) -> Effect:
    """End after so many tokens, as a model does that ran into its limit."""
    return lambda _request, plain: replace(
        plain, text=tokens.cut(plain.text, after), finish_reason="length"
    )


def think(thinking: str = "Let me plan this.", where: str = "content") -> Effect:
    """Put a think block before the answer: in the content, or in a field of that name."""
    return lambda _request, plain: replace(plain, thinking=thinking, think_in=where)


def loop(sentence: str = "The sea went on and on and would not stop.") -> Effect:
    """Repeat one sentence over the length that was asked for."""

    def then(request: ChatRequest, plain: Answer) -> Answer:
        times = max(2, request.words_asked // len(sentence.split()))
        return replace(plain, text=" ".join([sentence] * times))

    return then


def refuse() -> Effect:
    """Talk like an assistant that will not do it."""
    return say("I'm sorry, but as an AI language model I can't help with that request.")


def nothing(finish_reason: str = "stop") -> Effect:
    """Answer without a word."""
    return say("", finish_reason)


def only_thinking(where: str = "content") -> Effect:
    """Think until the tokens are spent: no answer comes, in content not even the block's end."""
    thought = "The user wants a scene. Let me think about the sea. "
    if where == "content":
        return say(f"<think>\n{thought * 40}", "length")
    return lambda _request, plain: replace(
        plain, text="", thinking=thought * 40, think_in=where, finish_reason="length"
    )


def in_cyrillic() -> Effect:
    """Answer in another script, as models do that fall into the language they know best."""
    table = str.maketrans(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "абцдефгхийклмнопярстувшхызАБЦДЕФГХИЙКЛМНОПЯРСТУВШХЫЗ",
    )
    return edit(lambda text: text.translate(table))


def wordless(letters: int = 12_000) -> Effect:
    """One word that does not end: Hahaha…"""
    return say("Ha" * (letters // 2), "length")


def paced(ratio: float, most: int = 1_000_000) -> Effect:
    """Write so many words for each that is asked for, and never more than `most`."""

    def then(request: ChatRequest, plain: Answer) -> Answer:
        words = min(most, round(request.words_asked * ratio))
        novelist = Novelist(request.key, find_names(request.prompt))
        return replace(plain, text=novelist.write(words, request.prefill))

    return then
