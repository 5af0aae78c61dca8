"""Signs of the screen, and their stand-ins where a terminal shows nothing but ASCII."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping
from typing import Literal, NamedTuple

COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""Locales that Python puts in the place of C; see PEP 538."""

SceneState = Literal["written", "kept with findings", "by you", "may no longer fit", "to come"]


class Marks(NamedTuple):
    """A set of signs."""

    then: str
    """Between the steps of the loop."""
    full: str
    empty: str
    """Of a bar."""
    live: str
    """Before what goes on now."""
    between: str
    """Between two counters."""
    here: str
    """Beside the paragraph that is pointed at."""
    scenes: Mapping[SceneState, str]

    def bar(self, share: float, width: int) -> str:
        """A bar that is full to that share."""
        filled = round(width * min(1.0, max(0.0, share)))
        return self.full * filled + self.empty * (width - filled)


DRAWN = Marks(
    "▸",
    "█",
    "░",
    "●",
    "·",
    "▌",
    {
        "written": "✓",
        "kept with findings": "!",
        "by you": "✎",
        "may no longer fit": "~",
        "to come": "·",
    },
)
PLAIN = Marks(
    ">",
    "#",
    "-",
    "*",
    ";",
    "|",
    {
        "written": "x",
        "kept with findings": "!",
        "by you": "p",
        "may no longer fit": "~",
        "to come": ".",
    },
)


def is_plain(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether what shows the room shows only ASCII: a terminal, by its locale or its kind."""
    if "web_driver" in environ.get("TEXTUAL_DRIVER", ""):
        return False  # A browser, whatever the terminal is that serves it.
    return not _has_utf8(environ) or environ.get("TERM") in ("dumb", "vt100", "linux")


def _has_utf8(environ: Mapping[str, str]) -> bool:
    """Whether a person's locale has UTF-8, or where none is set Python's.

    For the locale C Python takes UTF-8, and puts that into LC_CTYPE: what was set before is meant.
    """
    every, kind, rest = (environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if sys.flags.utf8_mode and kind in COERCED:
        kind = ""
    named = every or kind or rest
    if named in ("C", "POSIX"):
        return False
    encoding = named.partition("@")[0].partition(".")[2] or locale.getpreferredencoding(False)
    return encoding.lower().replace("-", "") == "utf8"
