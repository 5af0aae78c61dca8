"""Which servers a person wants: their models, adapters and contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from novelcraft.tools.serving.arguments import allowed_rank
from novelcraft.tools.serving.catalog import Catalog, ModelEntry, Preset, RolePreset, ServedRole

PORTS: dict[ServedRole, int] = {"reasoning": 8150, "narrator": 8151}


@dataclass(frozen=True)
class ServedAdapterFile:
    """A LoRA adapter that a server is to load."""

    name: str
    folder: Path
    rank: int


@dataclass(frozen=True)
class ServerPlan:
    """One vLLM that is to run."""

    roles: tuple[ServedRole, ...]
    """Both, where they use the same model."""
    entry: ModelEntry
    settings: RolePreset
    adapters: tuple[ServedAdapterFile, ...] = ()

    @property
    def port(self) -> int:
        """Where it listens on this machine."""
        own = self.settings.flags.get("port")
        return own if isinstance(own, int) else PORTS[self.roles[0]]

    @property
    def url(self) -> str:
        """What the roles call it by."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def title(self) -> str:
        """The model with its roles, for a person."""
        return f"{self.entry.name} ({' and '.join(self.roles)})"

    @property
    def rank(self) -> int:
        """What `--max-lora-rank` is to be; 0 without adapters."""
        return allowed_rank(max(a.rank for a in self.adapters)) if self.adapters else 0

    @property
    def context(self) -> int:
        """Tokens of context; 0 where vLLM is to take what the memory allows."""
        wanted, most = self.settings.context, self.entry.max_context
        if wanted == "auto":
            return 0
        return min(wanted, most) if most else wanted


def plan_servers(
    catalog: Catalog,
    preset: Preset,
    roles: Sequence[ServedRole],
    *,
    models: Mapping[ServedRole, str] | None = None,
    adapters: Mapping[ServedRole, Sequence[ServedAdapterFile]] | None = None,
) -> list[ServerPlan]:
    """The servers for some roles: one for each, or one for both where they use one model.

    Args:
        catalog: What is known.
        preset: The machine.
        roles: Whom to serve.
        models: Other models than the preset's.
        adapters: What is to be loaded for each role.

    Raises:
        ConfigError: A model is not known.
    """
    plans = []
    for role in roles:
        settings = preset.role(role)
        wanted = (models or {}).get(role, settings.model)
        entry = catalog.model(wanted)
        loaded = tuple((adapters or {}).get(role, ()))
        plans.append(ServerPlan((role,), entry, settings, loaded))
    if len(plans) == 2 and _can_share(*plans):
        return [_shared(*plans)]
    return plans


def _can_share(one: ServerPlan, other: ServerPlan) -> bool:
    same = {"flags", "environment", "speculative"}
    return one.entry == other.entry and one.settings.model_dump(
        include=same
    ) == other.settings.model_dump(include=same)


def _shared(one: ServerPlan, other: ServerPlan) -> ServerPlan:
    contexts = (one.settings.context, other.settings.context)
    numbers = [context for context in contexts if context != "auto"]
    settings = one.settings.model_copy(
        update={
            "context": max(numbers) if len(numbers) == 2 else "auto",
            "sequences": one.settings.sequences + other.settings.sequences,
        }
    )
    adapters = dict.fromkeys((*one.adapters, *other.adapters))
    return replace(
        one, roles=(*one.roles, *other.roles), settings=settings, adapters=tuple(adapters)
    )
