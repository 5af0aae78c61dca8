"""Catalogue and machines for the tests of serving."""

from __future__ import annotations

from pathlib import Path

from novelcraft.tools.serving.catalog import Catalog, Preset, ServedRole, load_catalog
from novelcraft.tools.serving.compose import ServeCommand, compose
from novelcraft.tools.serving.fitting import fit
from novelcraft.tools.serving.planning import ServedAdapterFile, plan_servers

CATALOG = load_catalog()
ADAPTER = ServedAdapterFile("brontë", Path("/adapters/with a blank"), 24)
BOTH: tuple[ServedRole, ...] = ("reasoning", "narrator")
ENVIRONMENT = Path("/environment")


def roomy(preset: Preset) -> Preset:
    """The same machine with room for anything."""
    return preset.model_copy(update={"memory_mib": 1 << 20})


def composed(
    model: str, preset: Preset, catalog: Catalog = CATALOG, *, adapter: bool = True
) -> list[ServeCommand]:
    """The commands that serve a model as both roles, each with a server of its own, and as one."""
    commands = []
    for roles in (("reasoning",), ("narrator",), BOTH):
        plans = plan_servers(
            catalog,
            preset,
            roles,
            models=dict.fromkeys(roles, model),
            adapters={"narrator": [ADAPTER]} if adapter else {},
        )
        fitted = fit(plans, roomy(preset), catalog)
        fitted.require()
        commands += compose(fitted, preset, ENVIRONMENT)
    return commands
