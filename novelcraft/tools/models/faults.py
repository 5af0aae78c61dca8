"""What a failed call is called in this package's errors, with the next step for a person."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from novelcraft.errors import (
    AuthenticationError,
    ContextOverflowError,
    ModelError,
    ModelNotServedError,
    ModelTimeoutError,
    ServerFaultError,
    ServerUnreachableError,
)

_OVERFLOW = re.compile(
    r"exceed_context_size_error|context_length_exceeded|maximum context length"
    r"|exceeds the available context size|max_completion_tokens' is too large",
)
MAX_RETRIES = 4
"""How often a request is sent again after a fault that may pass."""

_EXCERPT = 300
"""Characters of a server's own words that an error quotes."""


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
    retries: int
    """How often the same request is worth sending again, a little later."""


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
    """The server does not have the model or adapter."""
    listed = ", ".join(sorted(served)) or "none"
    return ModelNotServedError(
        f"The server of the role {role} at {url} does not serve the {what} {wanted!r}; "
        f"it serves: {listed}.",
        fix=f"Set [roles.{role}] {what} to one of these, or start the server with {wanted!r}.",
    )


def server_fault(role: str, url: str, what: str) -> ServerFaultError:
    """The server answered with an error of its own making."""
    return ServerFaultError(
        f"The server of the role {role} at {url} failed: {what}",
        fix="Look into the server's log, and start the run again: it goes on from where it was.",
    )


def fault_of(error: Exception, asked: Asked) -> Fault | None:
    """What an exception of the client means; None when it is none of the client's."""
    import openai

    # The adapter's limit on the wait between two pieces of a stream is a plain TimeoutError.
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return Fault(_timeout(asked), retries=1)
    if isinstance(error, openai.APIConnectionError):
        return Fault(_connection(error, asked), retries=MAX_RETRIES)
    if isinstance(error, openai.APIStatusError):
        return _status(error.status_code, error.body, str(error), asked)
    if isinstance(error, openai.APIError):
        # An error that came inside a stream, after its head.
        return _status(_code(error.body), error.body, str(error), asked)
    return None


def _status(status: int, body: Any, message: str, asked: Asked) -> Fault:
    said = f"{message} {body}"
    if status in (401, 403):
        refused = authentication(asked.role, asked.url, asked.key_variable, given=asked.key_given)
        return Fault(refused, retries=0)
    if status == 404:
        gone = model_not_served(asked.role, asked.url, asked.model, asked.served)
        return Fault(gone, retries=0)
    if _OVERFLOW.search(said):
        return Fault(_overflow(message, asked), retries=0)
    transient = status >= 500 or status in (0, 408, 409, 429)
    excerpt = message if len(message) <= _EXCERPT else message[:_EXCERPT] + "…"
    retries = MAX_RETRIES if transient else 0
    return Fault(server_fault(asked.role, asked.url, excerpt), retries=retries)


def _code(body: Any) -> int:
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else 0


def _timeout(asked: Asked) -> ModelTimeoutError:
    return ModelTimeoutError(
        f"{asked.model} gave the role {asked.role} no answer within {asked.timeout:g} seconds "
        f"({asked.url}).",
        fix=f"Raise [roles.{asked.role}] timeout, or lower its max_concurrency.",
    )


def _connection(error: Exception, asked: Asked) -> ModelError:
    reason = str(error.__cause__ or error) or type(error).__name__
    return unreachable(asked.role, asked.url, reason)


def _overflow(message: str, asked: Asked) -> ContextOverflowError:
    context = f"{asked.context} tokens" if asked.context else "an unknown number of tokens"
    return ContextOverflowError(
        f"A prompt of the role {asked.role} does not fit {asked.model}, whose context is "
        f"{context}: {message[:_EXCERPT]}",
        fix="Serve the model with a longer context, or set smaller numbers under [budget].",
    )
