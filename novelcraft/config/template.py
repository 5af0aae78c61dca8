"""Write `novel.toml` and `prep.toml`: every choice explained, what is the default commented out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from pydantic.fields import FieldInfo
from tomlkit.items import Item

from novelcraft.config.root import KeyPath, RolesSettings, Settings, section_of, tables
from novelcraft.config.settings import RoleSettings

_ALWAYS = {("novel", "premise"), ("novel", "pages"), ("novel", "seed"), ("prep", "layout")}
"""Written even when they equal the default: the first things anybody looks for."""
_UNSET = "..."
"""Stands in a comment for the value of a key that is not set."""
_EXPLAINED_ABOVE = {("roles", "narrator"), ("roles", "cheap")}
"""Tables with the same keys as `[roles.reasoning]`, whose explanations would be repeated."""
_NOVEL = ("novel", "write", "budget", "roles")
_PREP = ("prep", "roles")
"""Sections of the two files."""
_HEADER = """\
{about} A line that starts with '# ' and a name shows the default: take the
'# ' away to change it; where '...' stands, nothing is set. Your own config.toml, the environment
and the command line overrule what is written here."""


def novel_toml(settings: Settings) -> str:
    """The text of a `novel.toml` that loads to the same settings.

    Args:
        settings: What to write. Values that equal the default become comments.
    """
    return _toml(settings, "The settings of this novel.", _NOVEL)


def prep_toml(settings: Settings) -> str:
    """The text of a `prep.toml`, likewise."""
    return _toml(settings, "How the books in this folder become training rows.", _PREP)


def _toml(settings: Settings, about: str, sections: Sequence[str]) -> str:
    lines, plain = [*_comment(_HEADER.format(about=about))], Settings()
    for table, inside in tables().items():
        if table[0] not in sections:
            continue
        lines += ["", *_comment(_about(table)), f"[{'.'.join(table)}]"]
        for key in inside:
            if table not in _EXPLAINED_ABOVE:
                lines += ["", *_comment(_prose(key.field))]
            lines.append(_assignment(key.path, settings, plain))
    return "\n".join(lines) + "\n"


def update_toml(text: str, values: Mapping[KeyPath, Any]) -> str:
    """Set values in the text of a settings file, leaving all else, comments too, as it is.

    Args:
        text: A file that loads.
        values: What to set, by table and key: `{("novel", "pages"): 10}`; None takes a key out.
    """
    document = tomlkit.parse(text)
    for (*above, name), value in values.items():
        here: Any = document
        for table in above:
            here = here.setdefault(table, tomlkit.table())
        if value is None:
            here.pop(name, None)
        else:
            here[name] = _item(value)
    return tomlkit.dumps(document)


def literal(value: Any) -> str:
    """A value as TOML writes it."""
    return _item(value).as_string()


def _assignment(path: KeyPath, settings: Settings, plain: Settings) -> str:
    value = _at(settings, path)
    line = f"{path[-1]} = {_UNSET if value is None else literal(value)}"
    written = path in _ALWAYS or value != _without(path, settings, plain)
    return line if written else f"# {line}"


def _without(path: KeyPath, settings: Settings, plain: Settings) -> Any:
    """The value that a key has when the file does not name it."""
    if path[:2] == ("roles", "cheap"):
        return getattr(_cheap_without(path[2], settings.roles), path[2])
    return _at(plain, path)


def _cheap_without(key: str, roles: RolesSettings) -> RoleSettings:
    """The cheap role as it is when one key of it is left out, and so taken from reasoning."""
    model = {"model": roles.cheap.model} if key != "model" else {}
    leaning = {"reasoning": _changed(roles.reasoning), "cheap": model}
    return RolesSettings.model_validate(leaning).cheap


def _changed(role: RoleSettings) -> dict[str, Any]:
    """What stands in the file for a role: a value that is the default is a comment there."""
    plain = RoleSettings().model_dump()
    return {key: value for key, value in role.model_dump().items() if value != plain[key]}


def _at(settings: Settings, path: KeyPath) -> Any:
    here: Any = settings
    for part in path:
        here = getattr(here, part)
    return here


def _item(value: Any) -> Item:
    # A text over several lines would lose its carriage returns: readers take CRLF for a line's end.
    if isinstance(value, str) and "\n" in value and "\r" not in value:
        return tomlkit.string(value, multiline=True)
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update({name: _item(inner) for name, inner in value.items()})
        return table
    item: Item = tomlkit.item(list(value) if isinstance(value, tuple) else value)
    return item


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), width=90)]


def _prose(field: FieldInfo) -> str:
    return (field.description or "").replace("`", "'")


def _about(table: KeyPath) -> str:
    """What a table is about: the docstring of the field that holds it."""
    model: Any = Settings
    text = ""
    for part in table:
        field = model.model_fields[part]
        text, model = _prose(field), section_of(field)
    return text
