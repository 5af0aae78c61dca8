"""The JSON bodies of the chat endpoint, shared by all flavours."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.fakes import tokens
from tests.fakes.chat import Answer, ChatRequest, Exchange

_CREATED = 1_780_000_000


def limited(request: ChatRequest, answer: Answer) -> tuple[str, str]:
    """The text that goes out under the request's limits, and its finish reason."""
    text, reason = answer.content, answer.finish_reason
    for stop in request.stops:
        before, found, _ = text.partition(stop)
        if found:
            text, reason = before, "stop"
    if request.max_tokens and tokens.count(text) > request.max_tokens:
        return tokens.cut(text, request.max_tokens), "length"
    return text, reason


def completion(exchange: Exchange, prefill: str) -> dict[str, Any]:
    """The body of an answer that is not streamed."""
    answer = exchange.answer
    message = {"role": "assistant", "content": prefill + exchange.sent}
    if answer.thinking and answer.think_in != "content":
        message[answer.think_in] = answer.thinking
    choice = {"index": 0, "message": message, "finish_reason": exchange.finish_reason}
    return {**_envelope(exchange, "chat.completion"), "choices": [choice], "usage": usage(exchange)}


def chunk(exchange: Exchange, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {**_envelope(exchange, "chat.completion.chunk"), "choices": [choice]}


def usage_chunk(exchange: Exchange) -> dict[str, Any]:
    """The last event of a stream that was asked to report its usage."""
    body = _envelope(exchange, "chat.completion.chunk")
    return {**body, "choices": [], "usage": usage(exchange)}


def usage(exchange: Exchange) -> dict[str, Any]:
    answer = exchange.answer
    asked = exchange.request.prompt_tokens if answer.prompt_read is None else answer.prompt_read
    said = tokens.count(exchange.sent) + answer.thought_tokens
    return {
        "prompt_tokens": asked,
        "completion_tokens": said,
        "total_tokens": asked + said,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": answer.thought_tokens},
    }


def record(exchange: Exchange) -> dict[str, Any]:
    """What the record file keeps of an exchange."""
    request = exchange.request
    return {
        "number": request.number,
        "key": request.key,
        "model": request.model,
        "seed": request.seed,
        "schema": request.schema_name,
        "stream": request.streaming,
        "status": exchange.answer.status,
        "finish_reason": exchange.finish_reason,
        "completed": exchange.completed,
        "answer": hashlib.sha256(exchange.sent.encode()).hexdigest(),
    }


def _envelope(exchange: Exchange, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{exchange.request.key[:24]}",
        "object": kind,
        "created": _CREATED,
        "model": exchange.request.model,
        "system_fingerprint": "fake",
    }
