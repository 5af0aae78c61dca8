"""Running pandoc, the one that `pypandoc` brings along."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from novelcraft.errors import ExportError
from novelcraft.tools.storage.files import storage_errors

EPOCH = "315532800"
"""1 January 1980, UTC, the first moment that a ZIP archive can name: the date of every export, so
that the same manuscript gives the same bytes."""

_TIMEOUT = 900
_LONGEST_MESSAGE = 1_000


@dataclass(frozen=True)
class Converted:
    """What pandoc made, and what it warned of."""

    content: bytes
    warnings: str


def run_pandoc(
    source: str, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str] = {}
) -> Converted:
    """Convert Markdown, given on standard input, to bytes from standard output.

    Raw HTML is off in the reader; prose reaches pandoc as text and nothing else.

    Args:
        source: CommonMark.
        arguments: Everything but the input format and the output.
        folder: Where pandoc runs: a scratch folder of the caller's.
        environment: Variables to set beside those of this process.

    Raises:
        ExportError: pandoc is not there, failed, or took more than a quarter of an hour.
    """
    import pypandoc  # brings a binary of 150 MB; only an export needs it

    command = [pypandoc.get_pandoc_path(), *arguments, "--output=-"]
    try:
        with storage_errors(folder):
            done = subprocess.run(
                command,
                input=source.encode(),
                capture_output=True,
                timeout=_TIMEOUT,
                cwd=folder,
                env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, **environment},
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise ExportError(
            f"pandoc took longer than {_TIMEOUT} s and was stopped: {' '.join(command)}",
            fix="Export fewer formats at a time with --format.",
        ) from error
    messages = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        raise ExportError(
            f"pandoc failed with code {done.returncode}: {messages[-_LONGEST_MESSAGE:]}",
            fix="If a PDF engine is named above, install what it asks for, or leave PDF out.",
        )
    return Converted(done.stdout, messages)
