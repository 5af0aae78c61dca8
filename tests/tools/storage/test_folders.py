"""Folders of weights are there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import ExportError
from novelcraft.tools.storage.folders import new_folder


def test_a_new_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "models" / "mine"
    with new_folder(target) as partial:
        (partial / "model.safetensors").write_bytes(b"weights")
        assert not target.exists()
    assert [path.name for path in target.parent.iterdir()] == ["mine"]
    assert (target / "model.safetensors").read_bytes() == b"weights"


def test_nothing_stays_of_one_that_fails(tmp_path: Path) -> None:
    def fill() -> None:
        with new_folder(tmp_path / "mine") as partial:
            (partial / "model.safetensors").write_bytes(b"weights")
            raise OSError("The disk is gone.")

    with pytest.raises(ExportError, match="The disk is gone"):
        fill()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".writing-mine").mkdir()
    (tmp_path / ".writing-mine" / "old").touch()
    with new_folder(tmp_path / "mine") as partial:
        (partial / "new").touch()
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["new"]
