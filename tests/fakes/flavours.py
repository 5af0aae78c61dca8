"""What differs between the servers: the shapes of lists, of refusals and of token counts.

Bodies are laid out as real llama.cpp (June 2026) and vLLM (0.32) servers send them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import tokens, wire
from tests.fakes.chat import ChatRequest, Exchange

Reply = tuple[int, Any]
"""Status and body."""

_CREATED = 1_780_000_000


@dataclass(frozen=True)
class OpenAI:
    """A hosted service: knows its models by name, tells nothing of their context."""

    models: Sequence[str]
    context: int
    adapters: Sequence[str] = ()
    roots: Mapping[str, str] = field(default_factory=dict)
    """Where vLLM says that it has the weights of a name from."""
    owner = "openai"
    think_field = "reasoning_content"

    def list_models(self) -> Any:
        data = [self._entry(name, "") for name in self.models]
        data += [self._entry(name, self.models[0]) for name in self.adapters]
        return {"object": "list", "data": data}

    def _entry(self, name: str, parent: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": _CREATED, "owned_by": self.owner}

    def get(self, path: str) -> Reply:
        return self.not_found(path)

    def metrics(self, running: int, read: int, written: int) -> str:
        """The page of metrics in Prometheus' form; empty where there is none."""
        return ""

    def tokenize(self, body: Mapping[str, Any]) -> Reply:
        return self.not_found("/tokenize")

    def serves(self, model: str) -> bool:
        return model in (*self.models, *self.adapters)

    def continues(self, request: ChatRequest) -> bool:
        """Whether an assistant message at the end is carried on."""
        return False

    def repeats_prefill(self) -> bool:
        """Whether an answer that is not streamed holds the prefill too."""
        return False

    def counts_so_far(self, exchange: Exchange) -> dict[str, Any]:
        """What a piece of a stream says about tokens, beside its text."""
        return {}

    def counts_at_the_end(self, exchange: Exchange) -> dict[str, Any]:
        """What the piece with the finish reason says about tokens."""
        return self.counts_so_far(exchange)

    def wrong_key(self) -> Reply:
        return 401, _openai_error(
            "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"
        )

    def unknown_model(self, model: str) -> Reply:
        return 404, _openai_error(
            f"The model `{model}` does not exist or you do not have access to it.",
            "invalid_request_error",
            "model_not_found",
        )

    def overflow(self, request: ChatRequest) -> Reply | None:
        used = request.prompt_tokens
        if used + (request.max_tokens or 0) <= self.context:
            return None
        message = (
            f"This model's maximum context length is {self.context} tokens. However, your "
            f"messages resulted in {used} tokens. Please reduce the length of the messages."
        )
        return 400, _openai_error(
            message, "invalid_request_error", "context_length_exceeded", "messages"
        )

    def not_found(self, path: str) -> Reply:
        return 404, _openai_error(f"Invalid URL ({path})", "invalid_request_error", None)


@dataclass(frozen=True)
class LlamaCpp(OpenAI):
    """llama.cpp's server: one model, answers whatever name is asked for."""

    owner = "llamacpp"

    def list_models(self) -> Any:
        data = [self._entry(name, "") for name in self.models]
        listed = [{"name": name, "model": name, "type": "model"} for name in self.models]
        return {"models": listed, "object": "list", "data": data}

    def _entry(self, name: str, parent: str) -> dict[str, Any]:
        meta = {"n_vocab": 49_152, "n_ctx": self.context, "n_ctx_train": 8_192, "n_embd": 576}
        return {
            **super()._entry(name, parent),
            "aliases": [name],
            "meta": {**meta, "n_params": 134_515_008, "size": 143_025_408, "ftype": "Q8_0"},
        }

    def get(self, path: str) -> Reply:
        if path in ("/health", "/v1/health"):
            return 200, {"status": "ok"}
        if path == "/props":
            settings = {"n_ctx": self.context, "params": {}}
            return 200, {
                "default_generation_settings": settings,
                "total_slots": 1,
                "model_alias": self.models[0],
                "model_path": f"/models/{self.models[0]}.gguf",
            }
        if path == "/lora-adapters":
            listed = enumerate(self.adapters)
            return 200, [{"id": i, "path": f"{name}.gguf", "scale": 0.0} for i, name in listed]
        return self.not_found(path)

    def metrics(self, running: int, read: int, written: int) -> str:
        return _page(
            {
                "llamacpp:prompt_tokens_total": read,
                "llamacpp:tokens_predicted_total": written,
                "llamacpp:requests_processing": running,
                "llamacpp:requests_deferred": 0,
            },
            "",
        )

    def tokenize(self, body: Mapping[str, Any]) -> Reply:
        return 200, {"tokens": tokens.ids(str(body.get("content", "")))}

    def serves(self, model: str) -> bool:
        return True

    def continues(self, request: ChatRequest) -> bool:
        return bool(request.prefill)

    def repeats_prefill(self) -> bool:
        return True

    def counts_so_far(self, exchange: Exchange) -> dict[str, Any]:
        asked = exchange.request.body.get("timings_per_token")
        return self.counts_at_the_end(exchange) if asked else {}

    def counts_at_the_end(self, exchange: Exchange) -> dict[str, Any]:
        usage = wire.usage(exchange)
        counts = {"prompt_n": usage["prompt_tokens"], "predicted_n": usage["completion_tokens"]}
        return {"timings": {"cache_n": 0, **counts, "prompt_ms": 1.0, "predicted_ms": 1.0}}

    def wrong_key(self) -> Reply:
        return 401, _llamacpp_error(401, "Invalid API Key", "authentication_error")

    def overflow(self, request: ChatRequest) -> Reply | None:
        used = request.prompt_tokens
        if used < self.context:
            return None
        message = (
            f"request ({used} tokens) exceeds the available context size "
            f"({self.context} tokens), try increasing it"
        )
        error = _llamacpp_error(400, message, "exceed_context_size_error")
        error["error"] |= {"n_prompt_tokens": used, "n_ctx": self.context}
        return 400, error

    def not_found(self, path: str) -> Reply:
        return 404, _llamacpp_error(404, "File Not Found", "not_found_error")


@dataclass(frozen=True)
class Vllm(OpenAI):
    """vLLM's server."""

    owner = "vllm"
    think_field = "reasoning"

    def _entry(self, name: str, parent: str) -> dict[str, Any]:
        return {
            **super()._entry(name, parent),
            "root": self.roots.get(name, name),
            "parent": parent or None,
            "max_model_len": None if parent else self.context,
        }

    def get(self, path: str) -> Reply:
        return (200, None) if path == "/health" else self.not_found(path)

    def metrics(self, running: int, read: int, written: int) -> str:
        return _page(
            {
                "vllm:num_requests_running": float(running),
                "vllm:num_requests_waiting": 0.0,
                "vllm:kv_cache_usage_perc": 0.125,
                "vllm:prefix_cache_queries_total": float(read),
                "vllm:prefix_cache_hits_total": read / 4,
                "vllm:prompt_tokens_total": float(read),
                "vllm:generation_tokens_total": float(written),
            },
            f'{{engine="0",model_name="{self.models[0]}"}}',
        )

    def tokenize(self, body: Mapping[str, Any]) -> Reply:
        if "messages" in body:
            found = [i for m in body["messages"] for i in tokens.ids(str(m["content"]))]
        else:
            found = tokens.ids(str(body["prompt"]))
        return 200, {
            "count": len(found),
            "max_model_len": self.context,
            "tokens": found,
            "token_strs": None,
        }

    def continues(self, request: ChatRequest) -> bool:
        return bool(request.prefill) and bool(request.body.get("continue_final_message"))

    def counts_so_far(self, exchange: Exchange) -> dict[str, Any]:
        options = exchange.request.body.get("stream_options") or {}
        return {"usage": wire.usage(exchange)} if options.get("continuous_usage_stats") else {}

    def wrong_key(self) -> Reply:
        return 401, {"error": "Unauthorized"}

    def unknown_model(self, model: str) -> Reply:
        message = f"The model `{model}` does not exist."
        return 404, _vllm_error(404, message, "NotFoundError", "model")

    def overflow(self, request: ChatRequest) -> Reply | None:
        used, limit, wanted = request.prompt_tokens, self.context, request.max_tokens or 0
        if used >= limit:
            message = (
                f"This model's maximum context length is {limit} tokens. However, your request "
                f"has {used} input tokens. Please reduce the length of the input messages."
            )
            return 400, _vllm_error(400, message, "BadRequestError", "input_tokens")
        if used + wanted > limit:
            message = (
                f"'max_tokens' or 'max_completion_tokens' is too large: {wanted}. This model's "
                f"maximum context length is {limit} tokens and your request has {used} input "
                f"tokens ({wanted} > {limit} - {used})."
            )
            return 400, _vllm_error(400, message, "BadRequestError", "max_completion_tokens")
        return None

    def not_found(self, path: str) -> Reply:
        return 404, {"detail": "Not Found"}


def _page(values: Mapping[str, float], labels: str) -> str:
    return "".join(
        f"# HELP {name} …\n# TYPE {name} gauge\n{name}{labels} {value}\n"
        for name, value in values.items()
    )


FLAVOURS: dict[str, type[OpenAI]] = {"llamacpp": LlamaCpp, "vllm": Vllm, "openai": OpenAI}


def _openai_error(
    message: str, kind: str, code: str | None, param: str | None = None
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _llamacpp_error(code: int, message: str, kind: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "type": kind}}


def _vllm_error(code: int, message: str, kind: str, param: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
