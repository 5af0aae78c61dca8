"""Signs of the screen, and their stand-ins where a terminal shows nothing but ASCII."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from typing import Literal, NamedTuple

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
    """Whether the terminal shows only ASCII, by its locale or its kind."""
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return encoding != "utf8" or environ.get("TERM") in ("dumb", "vt100", "linux")
