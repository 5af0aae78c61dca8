"""Folders of weights are there as a whole or not at all."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from novelcraft.errors import ExportError
from novelcraft.tools.storage.folders import new_folder, scratch_folder
from tests.tools.children import Children, hold_scratch


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


def test_a_scratch_folder_is_gone_with_its_block() -> None:
    with scratch_folder() as folder:
        (folder / "page.html").write_text("half", encoding="utf-8")
    assert not folder.exists()


def test_the_scratch_folder_of_a_killed_process_is_removed(
    children: Children, tmp_path: Path
) -> None:
    holder = children.start(hold_scratch, tmp_path)
    while not (tmp_path / "held").exists():
        time.sleep(0.001)
    held = Path((tmp_path / "held").read_text(encoding="utf-8"))
    with scratch_folder():
        assert held.is_dir(), "its process is still at it"
    holder.kill()
    holder.wait()
    with scratch_folder() as mine:
        assert not held.exists()
        assert mine.is_dir()
