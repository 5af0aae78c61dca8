"""Writing a file whole or not at all, with errors that say what to do."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from novelcraft.errors import DiskFullError, ExportError, NovelcraftError, ReadOnlyError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_MODE = 0o666
_PREFIX = ".writing-"
_DEPTH = 3
"""Folders deep that unfinished files are looked for: `exports/BRANCH/` is the deepest."""


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write `path` into one of our own errors.

    So it does with the errors of the safetensors library, which reports in words, with its number,
    what the system refused.

    Raises:
        DiskFullError: No space, or no quota, is left.
        ReadOnlyError: The folder or file may not be written.
        ExportError: Anything else that the operating system refused.
    """
    try:
        yield
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else _safetensors_errno(error)
        if number is None and not isinstance(error, OSError):
            raise
        raise _storage_error(path, number, error) from error


def _storage_error(path: Path, number: int | None, error: Exception) -> NovelcraftError:
    if number in _FULL:
        return DiskFullError(
            f"No space left to write {path}.", fix="Free some space, then run it again."
        )
    reason = os.strerror(number) if number else str(error)
    if number in _READ_ONLY:
        return ReadOnlyError(
            f"{path} cannot be written: {reason}.",
            fix="Give yourself write access to the folder, or name another one.",
        )
    return ExportError(
        f"{path} cannot be written: {reason}.",
        fix="Name another folder, or move what is in the way.",
    )


def _safetensors_errno(error: Exception) -> int | None:
    if type(error).__name__ != "SafetensorError":
        return None
    digits = str(error).rpartition("os error ")[2].partition(")")[0]
    return int(digits) if digits.isdigit() else None


def write_atomic(path: Path, content: bytes, *, durable: bool = True) -> Path:
    """Write a file beside its target, then rename it, so that no reader ever sees half of it.

    Parent folders are made. A file that is there is replaced; on an error it stays as it was.

    Args:
        path: The file to write.
        content: All its bytes.
        durable: Whether to wait until the disk has it. Without, a power cut soon after may leave
            an empty file: for what is written again and again from something that is safe.

    Returns:
        The path, for the caller to pass on.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: As `storage_errors` says.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{_mine()}{os.getpid()}-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            temporary.chmod(_MODE & ~_umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path


def files_digest(*files: Path) -> hashlib._Hash:
    """SHA-256 over files one after the other; a missing one counts as an empty one."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() if file.is_file() else b"")
        digest.update(b"\0")
    return digest


def sweep_unfinished(folder: Path) -> None:
    """Remove what killed programs left of files that they were writing.

    Files that a running program of this machine is writing stay, and so do those of others.
    """
    for depth in range(_DEPTH):
        for path in folder.glob("*/" * depth + f"{_mine()}*"):
            if is_left_over(path, _mine()):
                with suppress(OSError):
                    path.unlink()


def is_left_over(path: Path, prefix: str) -> bool:
    """Whether the process is gone whose number follows the prefix in a path's name."""
    pid = path.name.removeprefix(prefix).partition("-")[0]
    return pid.isdigit() and not _runs(int(pid))


def _mine() -> str:
    """How the names of this machine's unfinished files begin; a process's number follows."""
    return f"{_PREFIX}{socket.gethostname()}-"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
