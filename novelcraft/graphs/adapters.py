"""The adapters that a run is to write with, held to the gate before a model is asked anything.

What an adapter was found to be stands on its card (`finetune.registry.cards`). One that failed is
refused, unless the person says otherwise. One of which nothing is known writes, with a notice: it
may be from elsewhere, or on a server whose files cannot be seen from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleName, RoleSettings
from novelcraft.errors import AdapterRefusedError
from novelcraft.tools.models.adapters import find_gguf, place_of
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.opening import EMBEDDED

if TYPE_CHECKING:
    from novelcraft.finetune.registry.cards import FoundAdapter

NAMED = 3
"""Reasons that a refusal tells; the report has them all."""


def check_embedded(settings: Settings) -> list[str]:
    """Hold the adapters of the embedded engine to the gate, before it is started.

    Returns:
        What a person should know, a line each.

    Raises:
        AdapterRefusedError: One failed the gate, and the settings do not allow it.
    """
    registry = _registry(settings)
    found = [
        (given.adapter, found_at((loaded(given.adapter),), registry))
        for _, given in _with_adapter(settings, embedded=True)
    ]
    return hold_to_gate(settings, found)


def check_served(settings: Settings, endpoints: Iterable[Endpoint]) -> list[str]:
    """Hold the adapters of servers to the gate; see `check_embedded`.

    An adapter is known by the file or folder that the server says it has it from, if that is on
    this machine, and else by the name that it is registered under. vLLM serves an adapter as a
    model, and a merged adapter is one: such a model is held to the same rule.
    """
    registry = _registry(settings)
    found: list[tuple[str, FoundAdapter | None]] = []
    for endpoint in endpoints:
        if endpoint.server.embedded:
            continue
        if adapter := endpoint.adapter:
            places = (endpoint.served.path if endpoint.served else "", adapter)
            known = found_at(places, registry) or named(adapter, registry)
            found.append((adapter, known))
        elif (model := endpoint.profile.find(endpoint.model)) is not None:
            known = found_at((model.root,), registry)
            if known is None and model.parent:
                known = named(model.id, registry)
            if known is not None or model.parent:
                found.append((model.id, known))
    return hold_to_gate(settings, found)


def found_at(places: Iterable[str | Path], registry: Path) -> FoundAdapter | None:
    """What the registry knows of the first adapter that lies at one of some places."""
    there = [Path(place).expanduser() for place in places if str(place)]
    if not any(place.exists() for place in there):
        return None
    from novelcraft.finetune.registry.lookup import find_at  # a run without adapters has no need

    known = (find_at(place, registry) for place in there)
    return next((one for one in known if one is not None), None)


def named(name: str, registry: Path) -> FoundAdapter | None:
    """What the registry knows of the adapter of a name."""
    from novelcraft.finetune.registry.lookup import find_named

    return find_named(name, registry)


def loaded(adapter: str) -> Path:
    """What the embedded engine would load of a folder; the folder where it would load nothing.

    The file says what it was made of: in the folder may lie a card of other weights, or none.
    """
    return find_gguf(adapter) or place_of(adapter)


def hold_to_gate(settings: Settings, found: Iterable[tuple[str, FoundAdapter | None]]) -> list[str]:
    """Refuse adapters that failed; the lines that a person should know of the others.

    Args:
        settings: They may allow one that failed.
        found: Adapters as they were named, with what the registry knows of them.

    Raises:
        AdapterRefusedError: One failed the gate, and the settings do not allow it.
    """
    notices = []
    for adapter, known in found:
        verdict = known.verdict if known else "not_evaluated"
        if verdict == "passed":
            continue
        if known is None or verdict == "not_evaluated":
            why = " ".join(known.reasons) if known else "It is not registered here."
            notices.append(
                f"Whether the adapter {adapter} repeats the books that it was trained on is not "
                f"known. {why}"
            )
        elif settings.write.allow_failed_adapter:
            notices.append(f"The adapter {adapter} failed the gate, and is used all the same.")
        else:
            raise _refusal(adapter, known)
    # Roles may share one.
    return list(dict.fromkeys(notices))


def _refusal(adapter: str, known: FoundAdapter) -> AdapterRefusedError:
    more = len(known.reasons) - NAMED
    told = [*known.reasons[:NAMED], *([f"And {more} more."] if more > 0 else [])]
    named = adapter if adapter == known.name else f"{adapter} ({known.name}, {known.folder})"
    return AdapterRefusedError(
        f"The adapter {named} failed the gate:\n" + "\n".join(f"  - {one}" for one in told),
        fix="Write with another adapter or without one. To write with it all the same, give "
        "--allow-failed-adapter, or set [write] allow_failed_adapter = true.",
    )


def _with_adapter(settings: Settings, *, embedded: bool) -> Iterator[tuple[RoleName, RoleSettings]]:
    for role in ROLES:
        given: RoleSettings = getattr(settings.roles, role)
        if given.adapter and (given.provider == EMBEDDED) is embedded:
            yield role, given


def _registry(settings: Settings) -> Path:
    return Path(settings.write.registry).expanduser()
