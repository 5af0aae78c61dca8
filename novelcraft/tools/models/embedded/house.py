"""The house narrator: the adapter that is shipped for the small embedded model."""

from __future__ import annotations

from novelcraft.config.layouts import SMALL_LAYOUT
from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleSettings
from novelcraft.state.layout import TOKENS_PER_WORD
from novelcraft.tools.models.adapters import HOUSE
from novelcraft.tools.models.embedded.catalog import SMOLLM2
from novelcraft.tools.models.embedded.library import AUTO, ModelLibrary

NO_ADAPTER = "none"
"""What a person sets as `adapter` to have the bare model."""


def with_house_narrator(settings: Settings, library: ModelLibrary) -> Settings:
    """Settings whose roles name the adapters that are used: a path, a name, or none at all.

    The narrator gets the house narrator where the small embedded model answers for it, and the
    person set no adapter and no other layout than the one it was trained on. Planner and readers
    stay on the bare model: the adapter knows prose only.

    Args:
        settings: As a person gave them.
        library: Says which model `auto` takes.
    """
    roles: dict[str, RoleSettings] = {role: getattr(settings.roles, role) for role in ROLES}
    chosen = {name: given.adapter for name, given in roles.items()}
    usual = _asks_as_trained(settings) and _is_small(roles["narrator"], library)
    if not chosen["narrator"] and usual:
        chosen["narrator"] = HOUSE
    changed = {
        name: given.model_copy(
            update={"adapter": "" if chosen[name] == NO_ADAPTER else chosen[name]}
        )
        for name, given in roles.items()
    }
    return settings.model_copy(update={"roles": settings.roles.model_copy(update=changed)})


def _asks_as_trained(settings: Settings) -> bool:
    """Whether what a person set leaves the layout that the house narrator was trained on."""
    write, tokens = settings.write, settings.write.scene_words * TOKENS_PER_WORD
    return (
        write.preset != "standard"
        and write.layout in ("auto", SMALL_LAYOUT.name)
        and not settings.budget.model_dump(exclude_none=True)
        and (not tokens or SMALL_LAYOUT.scene_low <= tokens <= SMALL_LAYOUT.scene)
    )


def _is_small(given: RoleSettings, library: ModelLibrary) -> bool:
    if given.provider != "embedded":
        return False
    best = library.best_installed() if given.name == AUTO else None
    # Where nothing is installed, `auto` fetches the small one.
    taken = best.name if best else given.name
    return taken in (AUTO, SMOLLM2.name)
