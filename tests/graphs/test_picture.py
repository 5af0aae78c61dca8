from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_picture_of_the_graph_is_current() -> None:
    spec = importlib.util.spec_from_file_location("draw_graph", DOCS / "draw_graph.py")
    assert spec is not None
    assert spec.loader is not None
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert draw.drawn(page) == page, "run: python docs/draw_graph.py"
