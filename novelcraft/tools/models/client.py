"""The LangChain client, and the one place where a request goes out. Loaded at the first call."""

from __future__ import annotations

import logging
import warnings
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import openai
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from novelcraft.state.calls import Usage
from novelcraft.tools.models.faults import OddAnswerError
from novelcraft.tools.models.http import RedirectedError, require_same_origin_async
from novelcraft.tools.models.secrets import HiddenStream
from novelcraft.tools.models.server import Server
from novelcraft.tools.text import without_controls

# Without a handler the adapter's warnings go to standard error, in the middle of the progress.
logging.getLogger("langchain_openai").addHandler(logging.NullHandler())
# So do those of pydantic, of answers in parts, for which the client has no type.
warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)

CONNECT_TIMEOUT = 10.0
SESSION_HEADER = "X-Session-ID"
"""What calls of one novel carry: vLLM's own name for it, which routers can be told."""
_NO_KEY = "none"
"""What a server without keys gets: the client insists on sending something."""
_REASONING_FIELDS = ("reasoning_content", "reasoning")
_BEGINNING = 2_000
"""Bytes of an answer that are kept for the case that it turns out to be none."""


@dataclass(frozen=True)
class Piece:
    """What one event of a stream brought."""

    content: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    """The counts so far."""
    thought_tokens: int = 0
    """Tokens of reasoning that the server counts, whether or not it shows them."""


class _Beginning(httpx2.AsyncByteStream):
    """The body of an answer, of which the beginning is remembered.

    The client reads what follows an answer's last event by iterating once more: it goes on where
    the first iteration is, which so comes to its end.
    """

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body
        self._chunks = aiter(body)
        self.text = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            if len(self.text) < _BEGINNING:
                self.text += chunk[:_BEGINNING]
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()
        if isinstance(self._chunks, AsyncGenerator):
            await self._chunks.aclose()


_answering: ContextVar[list[_Beginning]] = ContextVar("_answering")
"""The answers to the call that this task makes."""


async def _remember(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Beginning(response.stream)
    _answering.get([]).append(response.stream)


class _Chat(ChatOpenAI):
    """ChatOpenAI, with what only other servers send: their reasoning, and their counts."""

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        made = super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
        if made is not None:
            made.message.additional_kwargs["reasoning"] = _reasoning(chunk)
            if isinstance(made.message, AIMessageChunk) and not made.message.usage_metadata:
                made.message.usage_metadata = _timings(chunk.get("timings") or {})
        return made

    def _create_chat_result(
        self, response: Any, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        made = super()._create_chat_result(response, generation_info)
        message = response.choices[0].message
        told = {"content": message.content, **(message.model_extra or {})}
        made.generations[0].message.additional_kwargs["reasoning"] = _reasoning_in(told)
        return made


class Client:
    """Sends requests to one server. Follows it when it is restarted at another port.

    Args:
        server: The server.
        timeout: Seconds to wait for an answer, or between two tokens of a stream.
        session: What all requests carry, so that a router keeps them on one replica; empty for
            nothing.
    """

    def __init__(self, server: Server, timeout: float, session: str = "") -> None:
        self._server = server
        self._timeout = timeout
        self._session = session
        self._http: openai.DefaultAsyncHttpxClient | None = None
        self._chat: _Chat | None = None
        self._url = ""

    async def stream(
        self, model: str, messages: list[dict[str, str]], body: dict[str, Any]
    ) -> AsyncIterator[Piece]:
        """Send a request and give its answer piece by piece.

        Args:
            model: The name that the request names.
            messages: The messages, as they go over the wire.
            body: All other fields of the request.

        Raises:
            openai.OpenAIError, TimeoutError, OddAnswerError, RedirectedError: See
                `faults.fault_of`.
        """
        chat = await self._connected()
        answer, thought = (HiddenStream(self._server.secrets) for _ in range(2))
        async with self._made_sense_of():
            streaming = chat.astream(messages, model=model, extra_body=body)
            async with aclosing(streaming) as events:  # type: ignore[type-var]
                async for event in events:
                    yield _piece(event, answer, thought)
        yield Piece(answer.finish(), thought.finish())

    async def complete(
        self, model: str, messages: list[dict[str, str]], body: dict[str, Any]
    ) -> AsyncIterator[Piece]:
        """Send a request and give its answer in one piece; see `stream`.

        A stream costs a millisecond of computing a token, which an engine on the same machine
        has to do without.
        """
        chat = await self._connected()
        answer, thought = (HiddenStream(self._server.secrets) for _ in range(2))
        async with self._made_sense_of():
            event = await chat.ainvoke(messages, model=model, extra_body=body)
            whole = _piece(event, answer, thought)
            yield replace(whole, finish_reason=whole.finish_reason or "stop")
        yield Piece(answer.finish(), thought.finish())

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
        self._http = self._chat = None

    @asynccontextmanager
    async def _made_sense_of(self) -> AsyncIterator[None]:
        """Turn whatever the client raises over an answer's content into an `OddAnswerError`.

        An answer of which the rest is not wanted is closed here: the client leaves the iterations
        that it breaks off to be collected, and the server would go on writing until then.
        """
        answers: list[_Beginning] = []
        _answering.set(answers)
        try:
            yield
        except (openai.APIError, TimeoutError, RedirectedError):
            raise
        except Exception as error:
            said = answers[-1].text.decode("utf-8", "replace") if answers else str(error)
            raise OddAnswerError(self._server.secrets.hide(said)) from error
        finally:
            for answer in answers:
                await answer.aclose()

    async def _connected(self) -> _Chat:
        url = await self._server.ready()
        if self._chat is None or url != self._url:
            await self.close()
            timeout = openai.Timeout(self._timeout, connect=CONNECT_TIMEOUT)
            hooks = {"response": [require_same_origin_async, _remember]}
            options = self._server.connection_options
            self._http = openai.DefaultAsyncHttpxClient(
                timeout=timeout, event_hooks=hooks, **options
            )
            self._url = url
            self._chat = _Chat(
                base_url=url,
                api_key=self._server.key or _NO_KEY,
                http_async_client=self._http,
                # Never used, but made with a TLS context of its own where none is given.
                http_client=openai.DefaultHttpxClient(**options),
                default_headers={SESSION_HEADER: self._session} if self._session else None,
                max_retries=0,
                timeout=timeout,
                stream_chunk_timeout=self._timeout,
                use_responses_api=False,
                stream_usage=False,
            )
        return self._chat


def _reasoning(chunk: dict[str, Any]) -> str:
    for choice in chunk.get("choices") or ():
        return _reasoning_in(choice.get("delta") or {})
    return ""


def _reasoning_in(message: dict[str, Any]) -> str:
    for field in _REASONING_FIELDS:
        if isinstance(message.get(field), str):
            return str(message[field])
    # Mistral's models that think answer in parts, of which those have parts of their own.
    parts = message.get("content")
    thoughts = [part.get("thinking") or () for part in parts] if isinstance(parts, list) else []
    return "".join(str(part.get("text") or "") for thought in thoughts for part in thought)


def _piece(event: AIMessage, answer: HiddenStream, thought: HiddenStream) -> Piece:
    finish = str(event.response_metadata.get("finish_reason") or "")
    reasoning = str(event.additional_kwargs.get("reasoning") or "")
    counted = event.usage_metadata
    details = (counted.get("output_token_details") if counted else None) or {}
    return Piece(
        answer.add(without_controls(str(event.text))),
        thought.add(without_controls(reasoning)),
        finish,
        _usage(event),
        int(details.get("reasoning") or 0),
    )


def _timings(timings: dict[str, Any]) -> UsageMetadata | None:
    """The counts that llama.cpp sends with every piece."""
    if not timings:
        return None
    cached = int(timings.get("cache_n") or 0)
    prompt = cached + int(timings.get("prompt_n") or 0)
    completion = int(timings.get("predicted_n") or 0)
    return UsageMetadata(
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=prompt + completion,
        input_token_details=InputTokenDetails(cache_read=cached),
    )


def _usage(event: AIMessage) -> Usage | None:
    counted = event.usage_metadata
    if not counted:
        return None
    details = counted.get("input_token_details") or {}
    return Usage(
        prompt_tokens=counted["input_tokens"],
        cached_tokens=details.get("cache_read") or 0,
        completion_tokens=counted["output_tokens"],
    )
