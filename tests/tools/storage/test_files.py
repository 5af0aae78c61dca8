from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.errors import DiskFullError, ExportError, ReadOnlyError
from novelcraft.tools.storage.files import storage_errors, write_atomic

NOBODY = 65_534


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Root may write anywhere, so the test runs as nobody where it is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = write_atomic(tmp_path / "a" / "b.txt", b"one")
    assert path.read_bytes() == b"one"
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        path = write_atomic(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_replaced_stays_and_leaves_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "book.epub"
    (target / "full").mkdir(parents=True)
    with pytest.raises(ExportError, match=r"book\.epub"):
        write_atomic(target, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["book.epub"]


def test_a_folder_that_is_read_only(unprivileged: None) -> None:
    with pytest.raises(ReadOnlyError, match="cannot be written"):
        write_atomic(Path("/etc/novelcraft-test/book.epub"), b"new")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk() -> None:
    with (
        pytest.raises(DiskFullError, match="No space left"),
        storage_errors(Path("/dev/full")),
        Path("/dev/full").open("wb", buffering=0) as file,
    ):
        file.write(b"x")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.EDQUOT, DiskFullError),
        (errno.EROFS, ReadOnlyError),
        (errno.EACCES, ReadOnlyError),
        (errno.EIO, ExportError),
    ],
)
def test_refusals_have_errors_of_their_own(code: int, error: type[Exception]) -> None:
    with pytest.raises(error), storage_errors(Path("book.epub")):
        raise OSError(code, os.strerror(code))
