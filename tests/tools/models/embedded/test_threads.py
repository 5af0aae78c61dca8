from __future__ import annotations

import os
from pathlib import Path

import pytest

from novelcraft.tools.models.embedded.threads import default_threads


@pytest.mark.parametrize(("limit", "most"), [("max 100000\n", 16), ("100000 100000\n", 1)])
def test_a_containers_limit_counts(tmp_path: Path, limit: str, most: int) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(limit, encoding="ascii")
    assert 1 <= default_threads(file) <= most


def test_no_more_threads_than_processors(tmp_path: Path) -> None:
    assert 1 <= default_threads(tmp_path / "absent") <= (os.cpu_count() or 1)
