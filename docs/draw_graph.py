"""Draw the graphs of writing, of one book's preparation and of training into architecture.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from novelcraft.graphs.prep.book import build_book_graph
from novelcraft.graphs.training.graph import build_training_graph
from novelcraft.graphs.write import build_write_graph

PAGE = Path(__file__).parent / "architecture.md"

GRAPHS: dict[str, Callable[[], Any]] = {
    "write": build_write_graph,
    "book": build_book_graph,
    "training": build_training_graph,
}
"""What builds each graph, by the name that its block on the page bears."""

_BLOCK = re.compile(r"<!-- graph (\w+) -->.*?<!-- /graph -->", re.DOTALL)


def picture(name: str) -> str:
    """The block of the page that holds a graph's picture."""
    drawing = GRAPHS[name]().get_graph().draw_mermaid(with_styles=False)
    return f"<!-- graph {name} -->\n```mermaid\n{drawing.strip()}\n```\n<!-- /graph -->"


def drawn(page: str) -> str:
    """The page with the pictures as the code has them now."""
    return _BLOCK.sub(lambda block: picture(block[1]), page)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
