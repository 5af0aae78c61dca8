"""Checkpoints are there as a whole or not at all, also on a disk that is full."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import CheckpointError, DiskFullError, ExportError
from novelcraft.finetune.training.checkpoints import Checkpoints
from tests.finetune.limits import file_limit
from tests.finetune.marks import needs_stack

FULL = Path("/dev/full")


def fill(text: str) -> object:
    return lambda folder: (folder / "file").write_text(text, encoding="utf-8")


def kept(folder: Path, *steps: int) -> Checkpoints:
    checkpoints = Checkpoints(folder)
    for step in steps:
        checkpoints.save(step, fill(str(step)))  # type: ignore[arg-type]
    return checkpoints


def test_the_last_is_found(tmp_path: Path) -> None:
    checkpoints = kept(tmp_path, 9, 10, 100)
    assert checkpoints.steps() == [9, 10, 100]
    latest = checkpoints.require()
    assert (latest / "file").read_text(encoding="utf-8") == "100"


def test_none_is_said(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "none").latest() is None
    with pytest.raises(CheckpointError, match="no checkpoint"):
        Checkpoints(tmp_path / "none").require()


def test_the_best_and_the_last_few_are_kept(tmp_path: Path) -> None:
    checkpoints = kept(tmp_path, 1, 2, 3, 4, 5)
    checkpoints.prune(2, 2)
    assert checkpoints.steps() == [2, 4, 5]


def test_half_a_checkpoint_is_none(tmp_path: Path) -> None:
    checkpoints = kept(tmp_path, 1)

    def die(folder: Path) -> None:
        (folder / "file").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(2, die)
    assert checkpoints.steps() == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".writing-000007").mkdir()
    assert kept(tmp_path, 8).steps() == [8]
    assert not (tmp_path / ".writing-000007").exists()


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_the_last_good_one(tmp_path: Path) -> None:
    checkpoints = kept(tmp_path, 1)

    def overflow(folder: Path) -> None:
        (folder / "file").symlink_to(FULL)
        with (folder / "file").open("wb") as file:
            file.write(b"x" * 2**20)

    with pytest.raises(DiskFullError, match="step-000002"):
        checkpoints.save(2, overflow)
    assert checkpoints.steps() == [1]
    assert not list(tmp_path.glob(".writing-*"))


@pytest.mark.train
@needs_stack
def test_a_disk_that_takes_no_more_is_known_in_the_words_of_safetensors(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    checkpoints = kept(tmp_path, 1)
    with file_limit(2**16), pytest.raises(ExportError, match="File too large"):
        checkpoints.save(2, lambda folder: save_file({"a": torch.zeros(2**20)}, folder / "file"))
    assert checkpoints.steps() == [1]
