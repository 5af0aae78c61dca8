"""Differences between two JSON objects, small where a list of things with ids has few changes.

Each replan makes a new version of the whole plan, of which a chapter is new: kept whole, the
versions would grow with the square of the book.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any
"""What `json.loads` gives."""


def difference(old: Json, new: Json) -> dict[str, Json]:
    """What makes `new` of `old`: `applied(old, difference(old, new)) == new`.

    Objects differ by key, and so do lists of objects that all have an `id` of their own. A list
    that only grew differs by what was added. Everything else is given whole.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return {"keys": _by_key(old, new), "gone": [key for key in old if key not in new]}
    if isinstance(old, list) and isinstance(new, list):
        before, after = _by_id(old), _by_id(new)
        if before is not None and after is not None:
            order = list(after)
            return {"items": _by_key(before, after), "order": None if order == [*before] else order}
        if new[: len(old)] == old:
            return {"added": new[len(old) :]}
    return {"whole": new}


def applied(old: Json, change: Mapping[str, Json]) -> Json:
    """The value that `change` makes of `old`."""
    match change:
        case {"keys": keys, "gone": gone}:
            merged = {key: value for key, value in old.items() if key not in gone}
            return merged | _changed(old, keys)
        case {"items": items, "order": order}:
            before = _by_id(old) or {}
            after = before | _changed(before, items)
            return [after[name] for name in (before if order is None else order)]
        case {"added": added}:
            return [*old, *added]
        case _:
            return change["whole"]


def _by_key(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    changes = {}
    for key, value in new.items():
        if key not in old:
            changes[key] = {"whole": value}
        elif old[key] != value:
            changes[key] = difference(old[key], value)
    return changes


def _changed(old: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    return {key: applied(old.get(key), change) for key, change in changes.items()}


def _by_id(items: list[Json]) -> dict[str, Json] | None:
    """The items by their ids; None where some has none, or two have the same."""
    if not items or not all(isinstance(item, dict) and "id" in item for item in items):
        return None
    named = {item["id"]: item for item in items}
    return named if len(named) == len(items) else None
