"""What a server says about itself: whose it is, the models and adapters that it lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from novelcraft.tools.models.wire import Flavour

_OWNERS: dict[str, Flavour] = {"llamacpp": "llamacpp", "vllm": "vllm"}


@dataclass(frozen=True)
class ServedModel:
    """A model that a server lists."""

    id: str
    names: tuple[str, ...]
    """Everything it may be called by, its id first."""
    context: int
    """Context length in tokens; 0 when the server does not say."""
    root: str = ""
    """Where vLLM has its weights from."""
    parent: str = ""
    """The model that it is an adapter of, as vLLM lists adapters; empty for a model."""


@dataclass(frozen=True)
class Profile:
    """What a server said about itself."""

    flavour: Flavour
    models: tuple[ServedModel, ...]
    """Empty where the server has no list of them."""
    adapters: tuple[str, ...] = ()
    """Files of the LoRA adapters of a llama.cpp server, in the order of their ids."""

    def find(self, name: str) -> ServedModel | None:
        """The model of that name; None when it is not served. Without a list, any may be."""
        if not self.models:
            return ServedModel(name, (name,), 0)
        return next((model for model in self.models if name in model.names), None)


def listed_entries(listed: Any) -> list[dict[str, Any]] | None:
    """The entries of a list of models; None where it is not OpenAI's."""
    data = listed.get("data") if isinstance(listed, Mapping) else None
    if not isinstance(data, list) or not all(isinstance(e, dict) and "id" in e for e in data):
        return None
    return data


def flavour_of(entries: list[dict[str, Any]]) -> Flavour:
    """Whose server it is, by whom it names as the owner of its models."""
    owners = (str(entry.get("owned_by", "")).lower() for entry in entries)
    return next((_OWNERS[owner] for owner in owners if owner in _OWNERS), "openai")


def listed_models(entries: list[dict[str, Any]]) -> tuple[ServedModel, ...]:
    """The models of a list's entries."""
    contexts = {str(entry["id"]): _context(entry) for entry in entries}
    return tuple(
        ServedModel(
            id=str(entry["id"]),
            names=_names(entry),
            # An adapter of vLLM has the context of the model beneath it.
            context=_context(entry) or contexts.get(str(entry.get("parent")), 0),
            root=str(entry.get("root") or ""),
            parent=str(entry.get("parent") or ""),
        )
        for entry in entries
    )


def _context(entry: Mapping[str, Any]) -> int:
    meta = entry.get("meta") or {}
    told = meta.get("n_ctx") if isinstance(meta, Mapping) else 0
    return whole_number(entry.get("max_model_len")) or whole_number(told)


def whole_number(value: Any) -> int:
    """A number that a server tells; 0, unknown, where it is none."""
    return value if isinstance(value, int) and value > 0 else 0


def value_at(body: Any, *path: str) -> Any:
    """What stands in a table of tables under those keys; None where it is not there."""
    for part in path:
        body = body.get(part) if isinstance(body, Mapping) else None
    return body


def _names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The id, the aliases, and of an id that is a path the file's name with and without suffix."""
    model = str(entry["id"])
    names = [model, *map(str, entry.get("aliases") or ())]
    if model.endswith(".gguf"):
        names += [PurePath(model).name, PurePath(model).stem]
    return tuple(dict.fromkeys(names))
