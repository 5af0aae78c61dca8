"""What a client asked and what the fake answers, apart from HTTP."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import tokens

_WORDS_ASKED = re.compile(
    r"(?:about|around|roughly|at most|up to|under)\s+([\d,]+)(?:\s+more)?\s+words", re.IGNORECASE
)


@dataclass(frozen=True)
class ChatRequest:
    """The body of a POST to /v1/chat/completions."""

    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    number: int = 1
    """Its place among the chat requests of the server, counted from 1."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body["messages"])

    @property
    def authorization(self) -> str:
        """What the request says to be let in."""
        named = {name.lower(): value for name, value in self.headers.items()}
        return named.get("authorization", "")

    @property
    def prefill(self) -> str:
        """An assistant message at the end; empty when there is none."""
        last = self.messages[-1] if self.messages else {}
        return str(last["content"]) if last.get("role") == "assistant" else ""

    @property
    def system(self) -> str:
        return self._last("system")

    @property
    def user(self) -> str:
        """The last user message."""
        return self._last("user")

    @property
    def prompt(self) -> str:
        """All messages as one text, for predicates and for names."""
        return "\n\n".join(str(m.get("content") or "") for m in self.messages)

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def seed(self) -> int | None:
        return self.body.get("seed")

    @property
    def streaming(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def max_tokens(self) -> int | None:
        return self.body.get("max_completion_tokens") or self.body.get("max_tokens")

    @property
    def stops(self) -> tuple[str, ...]:
        stop = self.body.get("stop") or ()
        return (stop,) if isinstance(stop, str) else tuple(stop)

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that the answer has to keep, in any of the servers' spellings."""
        wanted: dict[str, Any] = self.body.get("response_format") or {}
        if wanted.get("type") == "json_schema":
            wanted = {"schema": wanted["json_schema"]["schema"]}
        structured: dict[str, Any] = self.body.get("structured_outputs") or {}
        for schema in (wanted.get("schema"), structured.get("json")):
            if isinstance(schema, dict):
                return schema
        return _schema_of_grammar(str(self.body.get("grammar") or ""))

    @property
    def schema_name(self) -> str:
        wanted = self.body.get("response_format") or {}
        named = (wanted.get("json_schema") or {}).get("name")
        return str(named or (self.schema or {}).get("title", ""))

    @property
    def prompt_tokens(self) -> int:
        return tokens.count_messages(self.messages)

    @property
    def words_asked(self) -> int:
        """The length that the prompt names ("about 600 words"), or one that fits max_tokens."""
        for text in (self.user, self.system):
            if found := _WORDS_ASKED.findall(text):
                return int(found[-1].replace(",", ""))
        return min(400, int((self.max_tokens or 400) * 0.7))

    @property
    def key(self) -> str:
        """A hash of all that the answer depends on."""
        asked = [self.messages, self.seed, self.model, self.schema]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def _last(self, role: str) -> str:
        said = [str(m["content"]) for m in self.messages if m.get("role") == role]
        return said[-1] if said else ""


@dataclass(frozen=True)
class Answer:
    """What the fake sends back. A script turns the plain answer into a staged one."""

    text: str
    """What the model adds, after the prefill if there is one."""
    finish_reason: str = "stop"
    thinking: str = ""
    think_in: str = "content"
    """Where the think block goes: `content`, in tags; or a field, such as `reasoning_content`."""
    status: int = 200
    error: Any = None
    """Body of an answer whose status is not 200."""
    drop_after: int | None = None
    """Tokens after which the connection breaks; None never."""
    delay: float = 0.0
    """Seconds before anything is sent."""
    pace: float = 0.0
    """Seconds between two chunks of a stream."""
    hold: threading.Event | None = None
    """Nothing is sent before this is set."""
    raw: bytes | None = None
    """A body that is sent in place of the answer, whatever it is."""
    kind: str = "application/json"
    """What `raw` is said to be."""
    headers: tuple[str, ...] = ()
    """Further lines of the head of an answer that is raw, or an error."""
    prompt_read: int | None = None
    """Tokens of the prompt that the answer says it has read; None for all of them."""
    thought_tokens: int = 0
    """Tokens of thinking that the counts name and nobody sees."""
    hold_after: int = 0
    """Tokens of a stream that are sent all the same."""

    @property
    def content(self) -> str:
        if self.thinking and self.think_in == "content":
            return f"<think>\n{self.thinking}\n</think>\n\n{self.text}"
        return self.text


@dataclass
class Exchange:
    """One chat request and what came of it."""

    request: ChatRequest
    answer: Answer
    sent: str = ""
    """The text that went out."""
    finish_reason: str = ""
    completed: bool = False
    """The whole answer was written to the connection."""


def _schema_of_grammar(grammar: str) -> dict[str, Any] | None:
    """The schema inside an llguidance grammar, `start: %json {…}`."""
    _, found, rest = grammar.partition("start: %json ")
    if not found:
        return None
    schema: dict[str, Any] = json.JSONDecoder().raw_decode(rest)[0]
    return schema
