"""What a person types after `novelcraft steer`: the folder before its options, and changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from typer.core import TyperGroup, TyperOption

from novelcraft.errors import InputError


class FolderFirst(TyperGroup):
    """Takes its options after the folder, too: `steer my-novel --list`, `steer my-novel note …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the options before the folder, where a group looks for them."""
        valued = {
            name
            for option in self.params
            if isinstance(option, TyperOption) and not option.is_flag
            for name in option.opts
        }
        options, left = list[str](), list(args)
        folder: list[str] = []
        while left and (left[0].startswith("-") or not folder):
            word = left.pop(0)
            if not word.startswith("-"):
                folder.append(word)
                continue
            options.append(word)
            if word in valued and left:
                options.append(left.pop(0))
        return super().parse_args(ctx, [*options, *folder, *left])


def _pairs(changes: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for change in changes:
        field, equals, value = change.partition("=")
        if not equals or not field.strip():
            raise InputError(f"{change!r} is not FIELD=VALUE.", fix="Write for example goal=flight")
        pairs.append((field.strip(), value))
    return pairs


def text_changes(changes: Sequence[str]) -> dict[str, Any]:
    """Changes of texts; what begins with a bracket is a list in JSON."""
    given = _pairs(changes)
    return {field: _json(value) if value[:1] == "[" else value for field, value in given}


def setting_changes(changes: Sequence[str]) -> dict[str, Any]:
    """Changes of settings: `sampling.temperature=0.7`."""
    nested: dict[str, Any] = {}
    for field, value in _pairs(changes):
        *tables, key = field.split(".")
        here = nested
        for table in tables:
            here = here.setdefault(table, {})
        here[key] = _json(value)
    return nested


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
