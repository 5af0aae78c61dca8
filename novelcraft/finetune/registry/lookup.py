"""Find what the registry knows of an adapter that somebody names. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.fingerprint import known_weights
from novelcraft.finetune.adapters.folder import CONFIG_FILE
from novelcraft.finetune.adapters.origin import (
    MergedOrigin,
    Origin,
    merged_rows,
    origin_of,
    read_merged,
    read_origin,
)
from novelcraft.finetune.adapters.trained import known_rows
from novelcraft.finetune.registry.cards import (
    CARD_FILE,
    REGISTRY,
    FoundAdapter,
    default_name,
    find_adapter,
    find_adapters,
    read_card,
    stored_gate_result,
)
from novelcraft.finetune.training.publishing import ADAPTER
from novelcraft.state.evaluation import GateVerdict

_MERGED = "It is merged into the model, and its card is not at hand."
_ORDER: tuple[GateVerdict, ...] = ("failed", "passed", "not_evaluated")
"""Which of several cards counts."""


def adapter_folder(place: Path) -> Path:
    """The adapter's folder, for a person who may have named that of its run."""
    for folder in (place, place / ADAPTER):
        if (folder / CONFIG_FILE).is_file() or (folder / CARD_FILE).is_file():
            return folder
    return place


def find_at(place: Path, registry: Path) -> FoundAdapter | None:
    """What is known of the adapter at a place.

    Args:
        place: An adapter's folder, that of its run, or a GGUF file; also of a converted adapter,
            or of a model with an adapter merged into it, wherever it lies.
        registry: Where to look for the adapter that a converted one was made of, or that a copy
            without a card is a copy of.

    Returns:
        None where there is no adapter, or nothing says which one it was made of.
    """
    if not place.exists():
        return None
    given = adapter_folder(place)
    origin = read_origin(given)
    folder = given if given.is_dir() else given.parent
    if origin:
        return _original(origin, folder, registry)
    if merged := read_merged(folder):
        found = _original(merged, folder, registry)
        return found or FoundAdapter(folder, "merged", problem=_MERGED, merged=merged)
    found = find_adapter(folder)
    if found is None or found.status != "unregistered":
        return found
    return _same_weights(folder, registry) or found


def find_named(name: str, registry: Path) -> FoundAdapter | None:
    """The adapter that is known by a name; of several, one that failed the gate."""
    return _worst(one for one in find_adapters(registry) if one.name == name)


def origin_of_merged(adapter: Path, base: str) -> MergedOrigin:
    """What a model is to say of the adapter that is merged into it.

    Raises:
        AdapterError: The folder has no weights.
    """
    made_of = origin_of(adapter)
    found = find_at(adapter, Path(REGISTRY))
    verdict = found.verdict if found else "not_evaluated"
    # It may have been evaluated without being registered.
    with suppress(AdapterError):
        verdict = stored_gate_result(adapter).verdict
    return MergedOrigin(
        folder=made_of.folder,
        adapter_sha256=made_of.adapter_sha256,
        name=found.name if found else default_name(adapter),
        verdict=verdict,
        rows=tuple(sorted(known_rows(adapter) | merged_rows(base))),
    )


def _original(origin: Origin, beside: Path, registry: Path) -> FoundAdapter | None:
    """The card of the adapter that one was made of; its weights need not be there any more."""
    found = []
    for folder in _places(origin, beside, registry):
        with suppress(AdapterError):
            card = read_card(folder)
            if card is not None and card.adapter_sha256 == origin.adapter_sha256:
                found.append(FoundAdapter(folder, "registered", card))
    return _worst(found)


def _places(origin: Origin, beside: Path, registry: Path) -> Iterator[Path]:
    yield beside
    yield Path(origin.folder)
    yield from (found.folder for found in find_adapters(registry))


def _same_weights(folder: Path, registry: Path) -> FoundAdapter | None:
    """The registered adapter with the very weights of a copy that has no card."""
    with suppress(AdapterError):
        weights = known_weights(folder)
        return _worst(
            one
            for one in find_adapters(registry)
            if one.status == "registered" and one.card and one.card.adapter_sha256 == weights
        )
    return None


def _worst(found: Iterable[FoundAdapter]) -> FoundAdapter | None:
    return min(found, key=lambda one: _ORDER.index(one.verdict), default=None)
