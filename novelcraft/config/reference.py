"""The table of all settings in `docs/settings.md`, made from the models.

`python -m novelcraft.config.reference docs/settings.md` renews it; a test holds it current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from novelcraft.config.faults import allowed
from novelcraft.config.names import variable
from novelcraft.config.root import Key, Settings, tables
from novelcraft.config.settings import ROLES
from novelcraft.config.template import literal

BEGIN = "<!-- settings: made by `python -m novelcraft.config.reference docs/settings.md` -->"
END = "<!-- end of settings -->"

_ROW = "| {} | {} | {} | {} | {} |"


def settings_tables() -> str:
    """All settings as Markdown tables, one a section; the roles share one."""
    return "\n".join(_lines()).strip() + "\n"


def renew(text: str) -> str:
    """Put the current tables between the two marks of a Markdown text.

    Raises:
        ValueError: If the text lacks one of the marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the text has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{settings_tables()}\n{END}{after}"


def _lines() -> Iterator[str]:
    for path, inside in tables().items():
        if path[0] == "roles" and path[1] != ROLES[0]:
            continue
        yield from _heading(inside[0])
        yield from map(_line, inside)


def _line(key: Key) -> str:
    name = key.name.upper()
    written = variable(key.path) if key.path[0] != "roles" else f"ROLE_{name}"
    return _ROW.format(
        f"`{key.name}`",
        _cell(key.field.description or ""),
        allowed(key.field),
        _default(key),
        f"`{written}`",
    )


def _heading(key: Key) -> Iterator[str]:
    roles = key.path[0] == "roles"
    names = ", ".join(f"[roles.{role}]" for role in ROLES) if roles else f"[{key.table}]"
    about = Settings.model_fields[key.path[0]].description or ""
    yield from ("", f"### `{names}`", "", " ".join(about.split()), "")
    yield _ROW.format("key", "what it is", "takes", "default", "environment")
    yield "|---|---|---|---|---|"


def _default(key: Key) -> str:
    value = key.field.get_default(call_default_factory=True, validated_data={})
    return "not set" if value is None else f"`{literal(value)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renew(page.read_text(encoding="utf-8")), encoding="utf-8")
