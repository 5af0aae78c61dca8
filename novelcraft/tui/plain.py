"""ASCII for a terminal that shows nothing else: what is drawn is said by a stand-in as wide."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_BOXES = dict.fromkeys(range(9472, 9600), "+")
_BOXES |= dict.fromkeys(map(ord, "─━┄┅┈┉═╌╍╴╶╸╺╼╾"), "-")
_BOXES |= dict.fromkeys(map(ord, "│┃┆┇┊┋║╎╏╵╷╹╻╽╿"), "|")

STAND_INS: dict[int, str] = {
    **_BOXES,
    **dict(zip(map(ord, "▁▂▃▄▅▆▇█"), "_.-=+*%#", strict=True)),
    **dict.fromkeys(map(ord, "▏▎▍▌▋▊▉▐▕"), "|"),
    **dict.fromkeys(map(ord, "▔▀"), "-"),
    **dict.fromkeys(map(ord, "░▒▓"), ":"),
    **dict.fromkeys(map(ord, "▶▸►→❯›»"), ">"),
    **dict.fromkeys(map(ord, "◀◂◄←❮‹«"), "<"),
    **dict.fromkeys(map(ord, "▲▴↑"), "^"),
    **dict.fromkeys(map(ord, "▼▾↓"), "v"),
    **dict.fromkeys(map(ord, "●•◉"), "*"),
    **dict.fromkeys(map(ord, "✓✗×"), "x"),
    **dict.fromkeys(map(ord, "“”„"), '"'),
    **dict.fromkeys(map(ord, "‘’‚"), "'"),
    **dict.fromkeys(map(ord, "‐‑‒–—−"), "-"),
    ord("○"): "o",
    ord("✎"): "p",
    ord("·"): ".",
    ord("…"): "~",
    ord("⏎"): "~",
    ord("🔎"): "> ",
    ord("\N{NO-BREAK SPACE}"): " ",
}
"""By code point. Letters that ASCII lacks stay as they are: nothing else would be read for them."""


class PlainLines(LineFilter):
    """Puts the stand-ins into all that is drawn, by us or by Textual."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells in ASCII."""
        del background
        return [Segment(s.text.translate(STAND_INS), s.style, s.control) for s in segments]
