"""What is shown of a novel."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.config.root import Settings
from novelcraft.graphs.novel import Novel
from novelcraft.present import views
from tests import factories


@pytest.mark.parametrize(("scenes", "has_hooks"), [(1, False), (2, True)])
def test_hooks_have_a_heading_where_a_plan_has_some(
    tmp_path: Path, scenes: int, has_hooks: bool
) -> None:
    with Novel.create(tmp_path / "n", Settings()) as novel:
        novel.store.add_plan("main", factories.plan(1, scenes))
        shown = views.plan(novel, "main").split("\n\n")
    assert any(paragraph.startswith("Hooks\n") for paragraph in shown) == has_hooks
    assert shown[-1].startswith("Chapter 1")
