"""Which adapters a vLLM server may load beside its base. Nothing here loads torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from novelcraft.errors import AdapterError, ConfigError
from novelcraft.finetune.adapters.folder import read_adapter
from novelcraft.finetune.registry.cards import find_adapters
from novelcraft.finetune.registry.lookup import adapter_folder
from novelcraft.tools.serving.arguments import allowed_rank
from novelcraft.tools.serving.catalog import ModelEntry
from novelcraft.tools.serving.planning import ServedAdapterFile


@dataclass(frozen=True)
class Offer:
    """What of the registry a server loads."""

    adapters: tuple[ServedAdapterFile, ...]
    left_out: tuple[str, ...]
    """Adapters of the same base that it does not load, each with the reason."""


def offer_adapters(registry: Path, entry: ModelEntry) -> Offer:
    """The registered adapters of a base that passed the gate and that vLLM can load.

    Args:
        registry: The folder in which adapters are looked for.
        entry: The base.
    """
    adapters: list[ServedAdapterFile] = []
    left_out: list[str] = []
    for found in find_adapters(registry):
        if found.card is None or not _is_base(found.card.base_model, entry):
            continue
        if found.verdict != "passed":
            left_out.append(f"{found.name} is not loaded: it has not passed the gate.")
            continue
        try:
            adapters.append(adapter_file(found.folder, found.name))
        except (AdapterError, ConfigError) as error:
            left_out.append(f"{found.name} is not loaded: {error.message}")
    return Offer(tuple(adapters), tuple(left_out))


def adapter_file(place: Path, name: str) -> ServedAdapterFile:
    """An adapter as vLLM is to load it.

    Args:
        place: Its folder, or that of its run.
        name: What requests call it by.

    Raises:
        AdapterError: It cannot be read, or vLLM takes none of its kind.
        ConfigError: Its rank is too large.
    """
    adapter = read_adapter(adapter_folder(place))
    if adapter.fused:
        raise AdapterError(
            f"{place} changes experts as one tensor, and vLLM takes an adapter for each.",
            fix=f"novelcraft adapter convert {place} --to vllm --out DIR, and serve that.",
        )
    if adapter.use_dora or adapter.modules_to_save:
        kind = "DoRA" if adapter.use_dora else "whole modules beside its LoRA"
        raise AdapterError(
            f"{place} holds {kind}, which vLLM does not load.",
            fix="Merge it into its base: novelcraft adapter merge.",
        )
    allowed_rank(adapter.rank)
    return ServedAdapterFile(name, adapter.folder, adapter.rank)


def _is_base(named: str, entry: ModelEntry) -> bool:
    """Whether a base, as a run named it, is this model: the same folder, or the same name."""
    place, folder = Path(named).expanduser(), entry.folder
    if place.is_dir() and folder is not None and place.resolve() == folder.resolve():
        return True
    name = named.rstrip("/").rpartition("/")[2].lower()
    return name in (entry.name, entry.hub.rpartition("/")[2].lower())
