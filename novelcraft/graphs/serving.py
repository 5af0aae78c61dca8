"""What `serve` is to start: servers with their models and adapters, checked in every way first."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelcraft.config.root import Settings
from novelcraft.config.settings import RoleSettings
from novelcraft.errors import ConfigError
from novelcraft.finetune.registry.lookup import find_at, find_named
from novelcraft.finetune.serving.offering import adapter_file, offer_adapters
from novelcraft.graphs.adapters import hold_to_gate
from novelcraft.tools.models.presets import family_of
from novelcraft.tools.models.wire import check_sampling
from novelcraft.tools.serving.arguments import shipped_list
from novelcraft.tools.serving.catalog import Catalog, Preset, ServedRole
from novelcraft.tools.serving.compose import ServeCommand, compose
from novelcraft.tools.serving.environment import VllmEnvironment, find_environment
from novelcraft.tools.serving.fitting import Fit, fit
from novelcraft.tools.serving.planning import ServedAdapterFile, ServerPlan, plan_servers
from novelcraft.tools.serving.rules import check_plan


@dataclass(frozen=True)
class PreparedServers:
    """Servers that may be started."""

    commands: tuple[ServeCommand, ...]
    fit: Fit
    environment: VllmEnvironment
    notices: tuple[str, ...]
    """What a person should know, a line each."""


@dataclass(frozen=True)
class Wish:
    """What a person asks `serve` for."""

    roles: Sequence[ServedRole]
    models: Mapping[ServedRole, str]
    """Other models than the preset's."""
    adapters: Sequence[str] = ()
    """Adapters by name or folder, beside those that passed the gate."""


def prepare_servers(
    wish: Wish,
    preset: Preset,
    catalog: Catalog,
    settings: Settings,
) -> PreparedServers:
    """Plan, check and compose servers. Starts nothing.

    Args:
        wish: What is asked for.
        preset: The machine.
        catalog: The models that are known.
        settings: The roles' sampling and adapters, and the registry.

    Raises:
        ConfigError: A model, a flag, a variable or a setting cannot be used.
        ServingMemoryError: They do not fit the machine.
        AdapterRefusedError, AdapterError: An adapter cannot be served.
    """
    bare = plan_servers(catalog, preset, wish.roles, models=wish.models)
    adapters, notices = _adapters(wish, bare, settings)
    plans = plan_servers(
        catalog,
        preset,
        wish.roles,
        models=wish.models,
        adapters={role: adapters for role in wish.roles if role == "narrator"},
    )
    sampling = _sampling(plans, settings)
    for plan in plans:
        check_plan(plan, preset, sampling)
    fitted = fit(plans, preset, catalog)
    fitted.require()
    environment = find_environment(preset.device)
    commands = compose(fitted, preset, environment.folder)
    known = shipped_list()
    for command in commands:
        known.check(command.arguments, {**os.environ, **command.environment})
    return PreparedServers(tuple(commands), fitted, environment, tuple(notices))


def _adapters(
    wish: Wish, plans: Sequence[ServerPlan], settings: Settings
) -> tuple[list[ServedAdapterFile], list[str]]:
    """The adapters for the narrator's server, and what a person should know of them."""
    plan = next((plan for plan in plans if "narrator" in plan.roles), None)
    if plan is None:
        return [], []
    registry = Path(settings.write.registry).expanduser()
    offered = offer_adapters(registry, plan.entry)
    loaded = {adapter.folder.resolve(): adapter for adapter in offered.adapters}
    named = [*wish.adapters]
    if (own := settings.roles.narrator.adapter) and Path(own).expanduser().is_dir():
        named.append(own)
    found = []
    for name in dict.fromkeys(named):
        place = Path(name).expanduser()
        known = find_at(place, registry) or find_named(name, registry)
        if known is None and not place.is_dir():
            raise ConfigError(
                f"There is no adapter {name!r}: no such folder, and none of that name in "
                f"{registry}.",
                fix="novelcraft adapter list shows what there is.",
            )
        folder = place if place.is_dir() or known is None else known.folder
        adapter = adapter_file(folder, known.name if known else place.resolve().name)
        loaded[adapter.folder.resolve()] = adapter
        found.append((name, known))
    names = {adapter.name for adapter in loaded.values()}
    told = [line for line in offered.left_out if line.partition(" ")[0] not in names]
    return list(loaded.values()), [*hold_to_gate(settings, found), *told]


def _sampling(plans: Sequence[ServerPlan], settings: Settings) -> dict[str, dict[str, Any]]:
    """What each role will ask for: its model family's preset, with the person's own over it."""
    asked: dict[str, dict[str, Any]] = {}
    for plan in plans:
        family = family_of(plan.entry.name)
        for role in plan.roles:
            given: RoleSettings = getattr(settings.roles, role)
            thinks = family.thinking == "always"
            preset = family.sampling("prose" if role == "narrator" else "structured", thinks=thinks)
            asked[role] = {**preset, **check_sampling(role, given.sampling), **given.extra}
    return asked
