"""A note at the end of an answer of an OpenAI-compatible server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2 as httpx

_DONE = b"data: [DONE]"


async def cited_body(answer: httpx.Response, note: str) -> AsyncIterator[bytes]:
    """A whole answer with the note behind each choice's text."""
    body = await answer.aread()
    try:
        fields = json.loads(body)
        for choice in fields["choices"]:
            _append(choice, note)
        body = json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, KeyError, TypeError):
        pass
    yield body


async def cited_stream(answer: httpx.Response, note: str) -> AsyncIterator[bytes]:
    """A stream of events with one more event for each choice, before its end."""
    last: dict[int, dict[str, Any]] = {}
    try:
        async for line in answer.aiter_lines():
            raw = line.encode()
            if raw.startswith(_DONE):
                for index, event in sorted(last.items()):
                    yield b"data: " + _event(event, index, note) + b"\n\n"
            elif raw.startswith(b"data: "):
                _remember(raw[6:], last)
            yield raw + b"\n"
    finally:
        await answer.aclose()


def _append(choice: dict[str, Any], note: str) -> None:
    message = choice.get("message")
    if isinstance(message, dict) and isinstance(message.get("content"), str):
        message["content"] += f"\n\n{note}"
    elif isinstance(choice.get("text"), str):
        choice["text"] += f"\n\n{note}"


def _remember(data: bytes, last: dict[int, dict[str, Any]]) -> None:
    try:
        event = json.loads(data)
        for choice in event["choices"]:
            last[choice["index"]] = event
    except (ValueError, KeyError, TypeError):
        return


def _event(event: dict[str, Any], index: int, note: str) -> bytes:
    chat = event.get("object", "").startswith("chat")
    text = {"delta": {"content": f"\n\n{note}"}} if chat else {"text": f"\n\n{note}"}
    choice = {"index": index, "finish_reason": None, **text}
    return json.dumps({**event, "usage": None, "choices": [choice]}, ensure_ascii=False).encode()
