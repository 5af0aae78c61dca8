"""A model of a vLLM server, asked how likely it takes tokens to be. Nothing here loads torch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from novelcraft.errors import (
    AuthenticationError,
    ModelNotServedError,
    ServerFaultError,
    ServerUnreachableError,
)
from novelcraft.tools.models.http import Address, connection_options
from novelcraft.tools.models.secrets import Secrets

TOP = 20
"""How many of the likeliest next tokens are asked for: vLLM's limit, if it is not raised."""
_PATIENCE = 600.0
_TOKEN = re.compile(r"token_id:(\d+)")
_NOT_VLLM = "it does not tell the log-probabilities of tokens as vLLM does"


@dataclass(frozen=True)
class PromptLikelihoods:
    """What a server said of a prompt."""

    prompt: tuple[float, ...]
    """Log-probability of each of the prompt's tokens from the second on, where it was told."""
    following: Mapping[int, float]
    """The likeliest next tokens, with the logarithms of their probabilities."""


@dataclass(frozen=True)
class ServedModel:
    """A model, or an adapter, that a server has loaded."""

    url: str
    """As a person gives it."""
    name: str
    key: str = ""

    @property
    def address(self) -> Address:
        """The URL as it is asked and shown."""
        return Address.of(self.url)

    def base(self) -> ServedModel:
        """The model that an adapter is served over.

        Raises:
            ModelNotServedError: The server has no adapter of that name.
            ModelError: It cannot be asked.
        """
        listed = self._call("GET", "/models")
        entries = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(entries, list):
            raise self._fault("its list of models is not OpenAI's")
        parents = {str(entry.get("id")): entry.get("parent") for entry in entries}
        if not parents.get(self.name):
            adapters = ", ".join(name for name, parent in parents.items() if parent) or "none"
            raise ModelNotServedError(
                f"The server at {self.address.url} serves no adapter {self.name!r}; it serves: "
                f"{adapters}.",
                fix="Start it with --enable-lora --lora-modules NAME=FOLDER, and give that name.",
            )
        return replace(self, name=str(parents[self.name]))

    def ask(self, prompts: Sequence[Sequence[int]]) -> list[PromptLikelihoods]:
        """What the model says of each prompt, which is given in tokens.

        Raises:
            ModelError: It cannot be asked, or does not answer as vLLM does.
        """
        return [self._told(prompt) for prompt in prompts]

    def _told(self, prompt: Sequence[int]) -> PromptLikelihoods:
        body = {
            "model": self.name,
            "prompt": list(prompt),
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": TOP,
            "prompt_logprobs": 1,
            "return_tokens_as_token_ids": True,
        }
        reply = self._call("POST", "/completions", body)
        try:
            (choice,) = reply["choices"]
            (first,) = choice["logprobs"]["top_logprobs"]
            following = {_token(name): float(value) for name, value in first.items()}
            told = choice.get("prompt_logprobs") or [None]
            likelihoods = tuple(
                float(at[str(token)]["logprob"])
                for at, token in zip(told[1:], prompt[1:], strict=False)
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._fault(_NOT_VLLM) from error
        if not following:
            raise self._fault(_NOT_VLLM)
        return PromptLikelihoods(likelihoods, following)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        address = self.address
        options = connection_options(address.url, address.auth, address.params)
        if self.key:
            options["headers"] |= {"Authorization": f"Bearer {self.key}"}
        try:
            reply = httpx2.request(
                method,
                f"{address.url}{path}",
                json=body,
                timeout=_PATIENCE,
                **{**options, "follow_redirects": False},
            )
        except httpx2.HTTPError as error:
            raise ServerUnreachableError(
                f"Nothing answers at {address.url}: {error}.", fix="Start vLLM, or check the URL."
            ) from error
        if reply.status_code in (401, 403):
            raise AuthenticationError(
                f"The server at {self.address.url} refuses the key.",
                fix="Put the right one into the variable that --api-key-env names.",
            )
        if reply.status_code == 404 and body:
            raise ModelNotServedError(
                f"The server at {self.address.url} does not serve {self.name!r}.",
                fix="Give the name that it was loaded under.",
            )
        if reply.is_error:
            raise self._fault(f"HTTP {reply.status_code}: {reply.text[:300]}")
        try:
            return reply.json()
        except ValueError as error:
            raise self._fault(f"{path} does not answer in JSON") from error

    def _fault(self, what: str) -> ServerFaultError:
        secrets = Secrets((self.key, *self.address.secrets))
        return ServerFaultError(
            f"The server at {self.address.url} failed: {secrets.hide(what)}.",
            fix="Give the URL of a vLLM server.",
        )


def _token(name: str) -> int:
    found = _TOKEN.fullmatch(name)
    if found is None:
        raise ValueError(f"{name} is no token's number")
    return int(found[1])
