"""Whether servers fit the machine's memory, before they start: how they share it, what would do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from novelcraft.errors import ServingMemoryError
from novelcraft.tools.serving.catalog import Catalog, ModelEntry, Preset
from novelcraft.tools.serving.planning import ServerPlan
from novelcraft.tools.serving.sizes import (
    adapter_bytes,
    kv_bytes_per_token,
    state_bytes,
    weight_bytes,
)

LEAST_CONTEXT = 2_048
"""Tokens below which a model is no use to a role."""
_MIB = 1 << 20
_BLOCK = 1_024
"""Tokens by which a shorter context is advised."""


@dataclass(frozen=True)
class Share:
    """What one server takes of the memory, in bytes."""

    plan: ServerPlan
    weights: int
    adapters: int
    working: int
    """Activations, CUDA graphs and what the libraries hold."""
    token: int
    """Cache of one token."""
    states: int
    """What a hybrid model's recurrent layers keep, for all sequences."""
    cache: int = 0
    """What is left for it to keep tokens in."""

    @property
    def fixed(self) -> int:
        """All but the cache of tokens."""
        return self.weights + self.adapters + self.working

    @property
    def least(self) -> int:
        """Cache for one call of the whole context, without which vLLM does not start."""
        return self.states + self.token * (self.plan.context or LEAST_CONTEXT)

    @property
    def most(self) -> int:
        """Cache for all calls at once, each of the whole context."""
        context = self.plan.context or self.plan.entry.max_context or LEAST_CONTEXT
        return self.states + self.token * context * self.plan.settings.sequences

    @property
    def total(self) -> int:
        """All of it."""
        return self.fixed + self.cache


@dataclass(frozen=True)
class Fit:
    """How the servers share the memory."""

    device: str
    memory: int
    """Bytes of the device."""
    usable: int
    """Bytes that the servers may take."""
    shares: tuple[Share, ...]
    advice: tuple[str, ...] = field(default=())
    """What to change, each of which would do; empty where they fit."""

    @property
    def fits(self) -> bool:
        """Whether each server has room for one call of the whole context."""
        return not self.advice

    def require(self) -> None:
        """Refuse what does not fit.

        Raises:
            ServingMemoryError: It does not; with what to change.
        """
        if self.fits:
            return
        needed = sum(share.fixed + share.least for share in self.shares)
        parts = "; ".join(
            f"{share.plan.title}: weights {_gb(share.weights)}, "
            + (f"adapters {_gb(share.adapters)}, " if share.adapters else "")
            + f"working memory {_gb(share.working)}, cache for one call {_gb(share.least)}"
            for share in self.shares
        )
        raise ServingMemoryError(
            f"It does not fit: {_gb(needed)} are needed at least, and of {self.device} with "
            f"{_gb(self.memory)} servers may take {_gb(self.usable)} ({parts}).",
            fix="Any of these would do: " + "; ".join(self.advice) + ".",
        )


def fit(plans: Sequence[ServerPlan], preset: Preset, catalog: Catalog) -> Fit:
    """Share a machine's memory among servers.

    Each gets what its weights and its work take; what is left becomes their caches, in
    proportion to what they could use.

    Args:
        plans: The servers.
        preset: The machine.
        catalog: Where smaller models are looked for, if they do not fit.

    Raises:
        ConfigError: A model's files cannot be read.
    """
    memory = preset.memory_mib * _MIB or _system_memory()
    usable = int(memory * preset.usable)
    shares = [_share(plan, preset) for plan in plans]
    left = usable - sum(share.fixed for share in shares)
    device = preset.title or preset.name
    if left < sum(share.least for share in shares):
        advice = tuple(_advice(shares, preset, usable, catalog)) or (
            "a machine with more memory, or models that are stored in fewer bits",
        )
        return Fit(device, memory, usable, tuple(shares), advice)
    wanted = sum(share.most for share in shares)
    least = sum(share.least for share in shares)
    spare = min(left, wanted) - least
    room = max(wanted - least, 1)
    given = [
        replace(share, cache=share.least + spare * (share.most - share.least) // room)
        for share in shares
    ]
    return Fit(device, memory, usable, tuple(given))


def _share(plan: ServerPlan, preset: Preset) -> Share:
    entry, settings = plan.entry, plan.settings
    flags = {**preset.flags, **settings.flags}
    cache_dtype = str(flags.get("kv-cache-dtype", "auto"))
    speculating = settings.speculative and entry.mtp_tokens
    batched = flags.get("max-num-batched-tokens")
    return Share(
        plan=plan,
        weights=_weights(entry, preset.dtype) + (entry.mtp_weights if speculating else 0),
        adapters=adapter_bytes(entry.config, plan.rank, len(plan.adapters)) if plan.adapters else 0,
        working=_working(entry, preset, batched if isinstance(batched, int) else 0),
        token=kv_bytes_per_token(entry.config, dtype=preset.dtype, cache_dtype=cache_dtype),
        states=state_bytes(entry.config) * settings.sequences,
    )


def _weights(entry: ModelEntry, dtype: str) -> int:
    folder = entry.folder
    if folder is not None:
        return weight_bytes(folder, dtype)
    return entry.weights * (2 if dtype == "float32" and not entry.quantization else 1)


def _working(entry: ModelEntry, preset: Preset, batched: int) -> int:
    """What a server takes beyond weights and cache, from what published servers logged.

    On a graphics card: 0.6 GB for CUDA and its libraries, half a GB of CUDA graphs, and the
    activations of the tokens that are computed together. On a processor: two Python processes.
    """
    if preset.device == "cpu":
        return 2_000_000_000
    hidden = int(entry.config["hidden_size"])
    return 1_100_000_000 + (batched or 8_192) * hidden * 2 * 10


def _advice(shares: Sequence[Share], preset: Preset, usable: int, catalog: Catalog) -> list[str]:
    """What would make servers fit, the smallest change first."""
    found = []
    over = sum(share.fixed + share.least for share in shares) - usable
    for share in shares:
        context = share.plan.context - -(-over // share.token)
        shorter = context // _BLOCK * _BLOCK
        if share.plan.context and shorter >= LEAST_CONTEXT:
            found.append(
                f"context = {shorter} for {share.plan.roles[0]} in place of {share.plan.context}"
            )
    for share in shares:
        smaller = _smaller(share, preset, over, catalog)
        if smaller:
            found.append(
                f"--model {share.plan.roles[0]}={smaller} in place of {share.plan.entry.name}"
            )
    if len(shares) > 1:
        found += [
            f"one role alone here (novelcraft serve {share.plan.roles[0]}), and the other elsewhere"
            for share in shares
            if share.fixed + share.least <= usable
        ][:1]
    return found


def _smaller(share: Share, preset: Preset, over: int, catalog: Catalog) -> str:
    """The largest model of the catalogue that takes so much less."""
    candidates = []
    for entry in catalog.models.values():
        other = _share(replace(share.plan, entry=entry, adapters=()), preset)
        if other.fixed + other.least <= share.fixed + share.least - over:
            candidates.append((entry.weights, entry.name))
    return max(candidates, default=(0, ""))[1]


def _system_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
