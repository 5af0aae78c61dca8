from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "architecture.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def draw() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_graph", DOCS / "draw_graph.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pictures_of_the_graphs_are_current(draw: ModuleType) -> None:
    assert draw.drawn(PAGE) == PAGE, "run: python docs/draw_graph.py"


def test_every_graph_is_on_the_page_once(draw: ModuleType) -> None:
    assert {name: PAGE.count(f"<!-- graph {name} -->") for name in draw.GRAPHS} == dict.fromkeys(
        draw.GRAPHS, 1
    )
