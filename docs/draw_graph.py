"""Draw the write graph from the code into docs/architecture.md."""

from __future__ import annotations

import re
from pathlib import Path

from novelcraft.graphs.write import build_write_graph

PAGE = Path(__file__).parent / "architecture.md"
_BLOCK = re.compile(r"<!-- graph -->.*?<!-- /graph -->", re.DOTALL)


def picture() -> str:
    """The block of the page that holds the picture."""
    drawing = build_write_graph().get_graph().draw_mermaid(with_styles=False)
    return f"<!-- graph -->\n```mermaid\n{drawing.strip()}\n```\n<!-- /graph -->"


def drawn(page: str) -> str:
    """The page with the picture as the code has it now."""
    return _BLOCK.sub(lambda _: picture(), page)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
