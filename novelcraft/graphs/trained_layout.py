"""The layout that the narrator's adapter was trained on, by which a novel is written with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from novelcraft.config.root import Settings
from novelcraft.graphs.adapters import found_at, loaded, named
from novelcraft.state.layout import Layout
from novelcraft.tools.models.adapters import HOUSE
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.opening import EMBEDDED

if TYPE_CHECKING:
    from novelcraft.finetune.registry.cards import FoundAdapter

HOUSE_NOTICE = (
    "The narrator writes with the house narrator, an adapter trained on public-domain novels; "
    '[roles.narrator] adapter = "none" takes the bare model.'
)


class TrainedLayout(NamedTuple):
    """How the narrator was trained to be asked."""

    layout: Layout | None
    """None for a bare model, and where it is not known."""
    notice: str = ""
    """For a person; empty for a bare model."""


def trained_layout(settings: Settings, narrator: Endpoint | None) -> TrainedLayout:
    """What the card of the narrator's adapter says of its layout.

    Args:
        settings: Name the adapter and the registry.
        narrator: Where its calls go; None where that is not known.
    """
    adapter = settings.roles.narrator.adapter
    if not adapter:
        return TrainedLayout(None)
    from novelcraft.finetune.registry.cards import layout_of_card  # only where there is an adapter

    found = _found(settings, narrator)
    layout = layout_of_card(found.card) if found and found.card else None
    if layout is None:
        return TrainedLayout(
            None, f"In which layout the adapter {adapter} was trained is not known."
        )
    if adapter == HOUSE and settings.roles.narrator.provider == EMBEDDED:
        return TrainedLayout(layout, HOUSE_NOTICE)
    return TrainedLayout(
        layout, f"The narrator is asked as {adapter} was trained: in the layout {layout.note}."
    )


def _found(settings: Settings, narrator: Endpoint | None) -> FoundAdapter | None:
    role, registry = settings.roles.narrator, Path(settings.write.registry).expanduser()
    if role.provider == EMBEDDED:
        return found_at((loaded(role.adapter),), registry)
    served = narrator.served if narrator else None
    places = (served.path if served else "", role.adapter)
    return found_at(places, registry) or named(role.adapter, registry)
