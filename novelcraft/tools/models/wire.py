"""What goes into a request's body, in the words of the server that gets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel

from novelcraft.errors import ConfigError
from novelcraft.state.calls import Message

Flavour = Literal["llamacpp", "vllm", "openai"]
"""Whose extensions of the protocol a server speaks; `openai` stands for none."""

_STANDARD = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_COMMON = (*_STANDARD, "top_k", "min_p", "repeat_penalty")
_LLAMACPP = (
    *_COMMON,
    "repeat_last_n",
    "typical_p",
    "top_n_sigma",
    "xtc_probability",
    "xtc_threshold",
    "dry_multiplier",
    "dry_base",
    "dry_allowed_length",
    "dry_penalty_last_n",
)
_KNOWN: dict[Flavour, tuple[str, ...]] = {
    "llamacpp": _LLAMACPP,
    "vllm": _COMMON,
    "openai": _STANDARD,
}
_REPETITION = {"min_pattern_size": 6, "max_pattern_size": 96, "min_count": 4}
"""Tokens of a pattern, and how often in a row it comes before an answer is ended: long enough for
a refrain, and for a row of dashes, to pass."""
_SYNONYMS = {"repetition_penalty": "repeat_penalty"}
_RENAMED: dict[Flavour, dict[str, str]] = {
    "llamacpp": {},
    "vllm": {"repeat_penalty": "repetition_penalty"},
    "openai": {"repeat_penalty": "repetition_penalty"},
}


def check_sampling(role: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """A person's sampling under our names.

    Raises:
        ConfigError: A name is none that any server knows. Servers ignore such names in silence.
    """
    named = {_SYNONYMS.get(key, key): value for key, value in chosen.items()}
    for key in named:
        if key not in _LLAMACPP:
            raise ConfigError(
                f"[roles.{role}] sampling has {key!r}, which is no sampling parameter.",
                fix=f"Use one of {', '.join(_LLAMACPP)}; what only your server knows goes into "
                f"[roles.{role}] extra, and is passed on as it is.",
            )
    return named


def sampling_fields(
    flavour: Flavour, preset: Mapping[str, Any], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Sampling as the server wants to hear it.

    Args:
        flavour: The server.
        preset: The family's preset, of which the server gets what it is known to take.
        chosen: What the person or the agent chose, which it gets in any case.
    """
    taken = {key: value for key, value in preset.items() if key in _KNOWN[flavour]}
    renamed = _RENAMED[flavour]
    return {renamed.get(key, key): value for key, value in {**taken, **chosen}.items()}


def unheeded(flavour: Flavour, chosen: Mapping[str, Any]) -> list[str]:
    """The names in a person's sampling that the server is not known to heed.

    Args:
        flavour: The server. vLLM and llama.cpp ignore what they do not know, in silence; of
            others nobody knows.
        chosen: The sampling, under our names.
    """
    return [name for name in chosen if name not in _KNOWN[flavour]]


def repetition_fields(flavour: Flavour) -> dict[str, Any]:
    """What has the server end prose that goes round in circles, where it can notice that itself.

    A draft that loops to its last token costs as much as three that do not.
    """
    return {"repetition_detection": _REPETITION} if flavour == "vllm" else {}


def wire_messages(messages: tuple[Message, ...], prefill: str) -> list[dict[str, str]]:
    """The messages, with the completion so far as the assistant's last."""
    listed = [{"role": m.role, "content": m.content} for m in messages]
    return [*listed, {"role": "assistant", "content": prefill}] if prefill else listed


def prefill_fields(flavour: Flavour) -> dict[str, Any]:
    """What makes the server carry on the assistant's last message."""
    if flavour == "vllm":
        return {"continue_final_message": True, "add_generation_prompt": False}
    return {}


def stream_fields(flavour: Flavour) -> dict[str, Any]:
    """What makes the server report its counts with every piece, for streams that are ended."""
    if flavour == "llamacpp":
        return {"timings_per_token": True}
    if flavour == "vllm":
        return {"stream_options": {"include_usage": True, "continuous_usage_stats": True}}
    return {"stream_options": {"include_usage": True}}


def schema_fields(schema: type[BaseModel], *, compact: bool) -> dict[str, Any]:
    """What holds the answer to a schema while it is decoded.

    Args:
        schema: The schema.
        compact: Forbid blanks between tokens, which needs a llama.cpp with llguidance in it, as
            the embedded engine is.
    """
    strict = strict_schema(schema)
    if compact:
        return {"grammar": compact_grammar(strict)}
    wanted = {"name": schema.__name__, "strict": True, "schema": strict}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


def compact_grammar(schema: Mapping[str, Any]) -> str:
    """A grammar for JSON of that schema without blanks between its tokens.

    A small model that may write blanks sometimes writes nothing else, up to its token limit.
    """
    tight = {**schema, "x-guidance": {"whitespace_flexible": False}}
    return f"%llguidance {{}}\nstart: %json {json.dumps(tight, ensure_ascii=False)}\n"


@lru_cache(maxsize=256)
def json_schema(schema: type[BaseModel]) -> Mapping[str, Any]:
    """A schema as JSON has it; made once for each. It must not be changed."""
    return schema.model_json_schema()


def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON schema in which every object has all its properties and no others."""
    made: dict[str, Any] = _strict(json_schema(schema))
    return made


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    # Titles and defaults say nothing to a decoder, and some servers refuse a default.
    made = {k: _strict_entry(k, v) for k, v in node.items() if not _is_annotation(k, v)}
    if isinstance(node.get("properties"), dict):
        made["additionalProperties"] = False
        made["required"] = list(node["properties"])
    return made


def _strict_entry(key: str, value: Any) -> Any:
    if key in ("properties", "$defs"):
        return {name: _strict(child) for name, child in value.items()}
    if key in ("enum", "const", "required"):
        return value
    return _strict(value)


def _is_annotation(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or key == "default"
