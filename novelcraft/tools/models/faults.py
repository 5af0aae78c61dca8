"""What a failed call is called in this package's errors, with the next step for a person."""

from __future__ import annotations

import difflib
import email.utils
import json
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx2

from novelcraft.errors import (
    AuthenticationError,
    ContextOverflowError,
    InvalidAnswerError,
    ModelError,
    ModelNotServedError,
    ModelTimeoutError,
    ServerFaultError,
    ServerUnreachableError,
)
from novelcraft.tools.models.http import RedirectedError
from novelcraft.tools.models.learned import words_of

_OVERFLOW = re.compile(
    r"exceed_context_size|context_length_exceeded|context (?:length|size|window|limit)"
    r"|(?:prompt|input|request) is too long|reduce the length of|inputs?` tokens \+"
    r"|max_(?:completion_)?tokens.{0,40}too large"
    r"|input (?:length|tokens?|token count)\b.{0,60}\bexceed",
    re.IGNORECASE | re.DOTALL,
)
_BROKE_SCHEMA = "json_validate_failed"
"""What gateways call an answer that did not keep to its schema."""
BUSY = (408, 409, 425, 429, 503, 529)
"""Statuses of a server that has too much to do, or loads its model."""
_EXCERPT = 200
"""Characters of a server's own words that an error quotes."""
_LISTED = 8
"""Names of models that an error lists."""

Passing = Literal["never", "slow", "broken", "busy"]
"""Whether the same request is worth sending again: a slow server once, a broken one a few times,
a busy one for as long as the person has patience."""


@dataclass(frozen=True)
class Asked:
    """Who asked whom, for the errors."""

    role: str
    url: str
    model: str
    key_variable: str
    key_given: bool
    timeout: float
    context: int
    served: tuple[str, ...]
    """What the server listed when it was first asked."""


@dataclass(frozen=True)
class Fault:
    """A failed call."""

    error: ModelError
    passing: Passing = "never"
    after: float = 0.0
    """Seconds for which the server wishes to be left alone."""
    refusal: str = ""
    """The server's words, where it refused the request as it was."""


class OddAnswerError(Exception):
    """An answer that the client could not make sense of. Its text is how the answer begins."""


def unreachable(role: str, url: str, reason: str) -> ServerUnreachableError:
    """Nothing answers at the URL."""
    return ServerUnreachableError(
        f"No server answers for the role {role} at {url} ({reason}).",
        fix="Start one, for example `vllm serve MODEL --port 8000` or `llama-server -m MODEL.gguf "
        f"--port 8080`, and set [roles.{role}] base_url to its URL; or set model = "
        '"embedded:auto" to need none.',
    )


def authentication(role: str, url: str, variable: str, *, given: bool) -> AuthenticationError:
    """The key is missing or refused."""
    wrong = f"refuses the key in {variable}" if given else f"wants a key, and {variable} is not set"
    return AuthenticationError(
        f"The server of the role {role} at {url} {wrong}.",
        fix=f"Set the environment variable {variable} to a valid key, or name another variable "
        f"in [roles.{role}] api_key_env.",
    )


def model_not_served(
    role: str, url: str, wanted: str, served: Collection[str], *, what: str = "model"
) -> ModelNotServedError:
    """The server does not have the model or adapter. Of many that it has, the nearest are named."""
    names = sorted(served)
    if len(names) > _LISTED:
        near = difflib.get_close_matches(wanted, names, n=_LISTED, cutoff=0.3) or names[:_LISTED]
        listed = f"{', '.join(near)} and {len(names) - len(near):,} more"
    else:
        listed = ", ".join(names) or "none that it names"
    return ModelNotServedError(
        f"The server of the role {role} at {url} does not serve the {what} {wanted!r}; "
        f"it serves: {listed}.",
        fix=f"Set [roles.{role}] {what} to one of these, or start the server with {wanted!r}.",
    )


def server_fault(role: str, url: str, what: str) -> ServerFaultError:
    """The server answered with an error of its own making."""
    return ServerFaultError(
        f"The server of the role {role} at {url} failed: {ended(what)}",
        fix="Look into the server's log, and start the run again: it goes on from where it was.",
    )


def redirected(role: str, url: str, error: Exception) -> ServerFaultError:
    """The server sent the request on to another one."""
    return ServerFaultError(
        f"The server of the role {role} at {url} is not the one that answers: {error}.",
        fix=f"If you know and trust that other server, set [roles.{role}] base_url to it.",
    )


def transport_fault(role: str, url: str, error: Exception) -> ModelError:
    """What a connection that failed means: that nothing is there, or that it was cut."""
    reason = str(error) or type(error).__name__
    if isinstance(error, RedirectedError):
        return redirected(role, url, error)
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.UnsupportedProtocol):
        return unreachable(role, url, reason)
    return server_fault(role, url, f"it took the request, and the connection was cut ({reason})")


def excerpt(text: str) -> str:
    """The beginning of a server's words, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"


def ended(said: str) -> str:
    """What somebody else said, with a full stop, so that a sentence of ours can follow."""
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def fault_of(error: Exception, asked: Asked) -> Fault | None:
    """What an exception of the client means; None when it is none of the client's."""
    import openai

    # The adapter's limit on the wait between two pieces of a stream is a plain TimeoutError.
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return Fault(_timeout(asked), "slow")
    if isinstance(error, openai.APIConnectionError | RedirectedError):
        return _connection(error, asked)
    if isinstance(error, openai.APIStatusError):
        after = retry_after(error.response.headers)
        return _status(error.status_code, error.body, error.response.text, asked, after)
    if isinstance(error, openai.APIError):
        # An error that came inside a stream, after its head.
        return _status(_code(error.body), error.body, str(error), asked)
    if isinstance(error, OddAnswerError):
        return _odd(str(error), asked)
    return None


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float:
    """Seconds for which a server wishes to be left alone; 0 where it does not say.

    Args:
        headers: Of its answer; `Retry-After` may be a number of seconds or a date.
        now: Seconds since 1970, by default by the clock.
    """
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", said):
        return float(said)
    try:
        until = email.utils.parsedate_to_datetime(said).timestamp()
    except ValueError:
        return 0.0
    return max(0.0, until - (time.time() if now is None else now))


def _connection(error: Exception, asked: Asked) -> Fault:
    root = _root(error)
    fault = transport_fault(asked.role, asked.url, root)
    return Fault(fault, "never" if isinstance(root, RedirectedError) else "broken")


def _root(error: Exception) -> Exception:
    """What the client's own exception was caused by."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx2.TransportError | RedirectedError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error


def _odd(said: str, asked: Asked) -> Fault:
    """An answer with a good status that is none. Gateways put errors there."""
    try:
        body = json.loads(said)
    except ValueError:
        body = None
    if isinstance(body, Mapping) and body.get("error"):
        return _status(_code(body["error"]), body["error"], said, asked)
    what = (
        f"its answer is none of the protocol's. It begins: {excerpt(said)}"
        if said
        else ("its answer is empty")
    )
    return Fault(server_fault(asked.role, asked.url, what), "broken")


def _status(status: int, body: Any, raw: str, asked: Asked, after: float = 0.0) -> Fault:
    words = words_of(body) or raw
    whole = f"{raw} {body}"
    if status in (401, 403):
        refused = authentication(asked.role, asked.url, asked.key_variable, given=asked.key_given)
        return Fault(refused)
    if status == 404:
        return Fault(_not_found(words, asked))
    if _BROKE_SCHEMA in whole:
        return Fault(InvalidAnswerError(excerpt(words)))
    if _OVERFLOW.search(whole):
        return Fault(_overflow(words, asked), refusal=whole)
    what = f"HTTP {status}: {excerpt(words)}" if status else excerpt(words)
    error = server_fault(asked.role, asked.url, what)
    if status in BUSY:
        return Fault(error, "busy", after)
    if status >= 500 or not status:
        return Fault(error, "broken", after)
    return Fault(error, refusal=whole)


def _not_found(words: str, asked: Asked) -> ModelError:
    if asked.model in asked.served and "model" not in words.lower():
        return server_fault(asked.role, asked.url, f"HTTP 404: {excerpt(words)}")
    return model_not_served(asked.role, asked.url, asked.model, asked.served)


def _code(body: Any) -> int:
    code = body.get("code") if isinstance(body, Mapping) else None
    return int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdecimal()) else 0


def _timeout(asked: Asked) -> ModelTimeoutError:
    return ModelTimeoutError(
        f"{asked.model} gave the role {asked.role} no answer within {asked.timeout:g} seconds "
        f"({asked.url}).",
        fix=f"Raise [roles.{asked.role}] timeout, or lower its max_concurrency.",
    )


def _overflow(words: str, asked: Asked) -> ContextOverflowError:
    context = f"{asked.context} tokens" if asked.context else "an unknown number of tokens"
    return ContextOverflowError(
        f"A prompt of the role {asked.role} does not fit {asked.model}, whose context is "
        f"{context}: {ended(excerpt(words))}",
        fix="Serve the model with a longer context, or set smaller numbers under [budget].",
    )
