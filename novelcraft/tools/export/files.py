"""Writing a file whole or not at all, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from novelcraft.errors import DiskFullError, ExportError, ReadOnlyError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_MODE = 0o666


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write `path` into one of our own errors.

    Raises:
        DiskFullError: No space, or no quota, is left.
        ReadOnlyError: The folder or file may not be written.
        ExportError: Anything else that the operating system refused.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                f"No space left to write {path}.", fix="Free some space, then run it again."
            ) from error
        if error.errno in _READ_ONLY:
            raise ReadOnlyError(
                f"{path} cannot be written: {error.strerror}.",
                fix="Give yourself write access to the folder, or name another one.",
            ) from error
        raise ExportError(
            f"{path} cannot be written: {error.strerror or error}.",
            fix="Name another folder, or move what is in the way.",
        ) from error


def write_atomic(path: Path, content: bytes) -> Path:
    """Write a file beside its target, then rename it, so that no reader ever sees half of it.

    Parent folders are made. A file that is there is replaced; on an error it stays as it was.

    Args:
        path: The file to write.
        content: All its bytes.

    Returns:
        The path, for the caller to pass on.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: As `storage_errors` says.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(_MODE & ~_umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
