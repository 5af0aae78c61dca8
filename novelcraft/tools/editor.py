"""A text in the person's editor."""

from __future__ import annotations

import os
import shlex
import subprocess

from novelcraft.errors import InputError
from novelcraft.tools.storage.folders import scratch_folder


def edited(text: str) -> str:
    """What the person made of a text in `$VISUAL` or `$EDITOR`.

    Raises:
        InputError: The editor failed, or what it left cannot be read.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with scratch_folder() as scratch:
        path = scratch / "scene.md"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)
            return path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise InputError(
                f"The editor {editor!r} failed: {error}.",
                fix="Set EDITOR to an editor that works, and that saves UTF-8.",
            ) from error
