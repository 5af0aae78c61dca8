"""`manuscript.md`: the text of a branch, renewed with every scene, beside a person's hand.

Each branch has a file of its own. Its last line names the branch and the commit it ends with, and
holds the hash of the text above it: a file whose text has another hash was edited by a person.
That edit is kept aside before the file is written over.
"""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from novelcraft.config.settings import NovelSettings
from novelcraft.graphs.exporting import MAIN
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.export.markdown import manuscript_markdown
from novelcraft.tools.storage.files import storage_errors, write_atomic

_MARK = re.compile(
    r"<!-- novelcraft: branch (?P<branch>\S+), commit (?P<commit>\S+), "
    r"text (?P<text>\S+) -->\s*\Z"
)

_MARK_CHARS = 1_000
"""Characters at the end of a file in which its mark is looked for."""


FileState = Literal["current", "missing", "behind", "edited"]
"""How a branch's file stands to its chain; `behind` is what an earlier scene left."""


class RunningHash:
    """The hash of a text that grows: what it had before is not gone through again.

    A run holds one for the text that it renews with every scene.
    """

    def __init__(self) -> None:
        self._text = b""
        self._hash = hashlib.sha256()

    def of(self, text: bytes) -> str:
        """The same as of the whole text, in hexadecimal digits."""
        if not text.startswith(self._text):
            self._text, self._hash = b"", hashlib.sha256()
        self._hash.update(text[len(self._text) :])
        self._text = text
        return self._hash.hexdigest()


def manuscript_path(folder: Path, branch: str) -> Path:
    """Where the text of a branch is kept up to date."""
    return folder / ("manuscript.md" if branch == MAIN else f"manuscript-{branch}.md")


def renew_manuscript(
    folder: Path,
    branch: str,
    plan: Plan,
    chain: Sequence[SceneCommit],
    novel: NovelSettings,
    running: RunningHash | None = None,
) -> str | None:
    """Write the text of a branch as it stands into its file, whole or not at all.

    Args:
        folder: The novel's.
        branch: Name of the branch.
        plan: Its plan.
        chain: Its scenes, at least one.
        novel: Gives title, author and language.
        running: Of the text that was written before.

    Returns:
        A notice for the person whose edits of the file were kept aside; None where there were
        none.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: A file could not be written.
    """
    path, running = manuscript_path(folder, branch), running or RunningHash()
    text = manuscript_markdown(plan, chain, novel).encode()
    notice = None
    with storage_errors(path):
        there = path.read_bytes() if path.is_file() else b""
        if there and _is_edited(there, plan, chain, novel, running):
            aside = path.with_name(f"{path.stem}.edited-{_hash(there)[:8]}.md")
            path.replace(aside)
            notice = (
                f"{path.name} had been edited by hand: your version is kept as {aside.name}. "
                "Take its changes into the book with `novelcraft sync`."
            )
    named = f"branch {branch}, commit {chain[-1].id[:12]}, text {running.of(text)}"
    write_atomic(path, b"%b\n<!-- novelcraft: %b -->\n" % (text, named.encode()), durable=False)
    return notice


def kept_aside(path: Path) -> list[Path]:
    """Versions of a branch's file that a person edited and a run kept aside, the oldest first."""
    with storage_errors(path):
        kept = path.parent.glob(f"{glob.escape(path.stem)}.edited-*.md")
        return sorted(kept, key=lambda one: (one.stat().st_mtime, one.name))


def commit_of(path: Path) -> str:
    """The beginning of the commit that a file was written from; empty where it does not tell.

    Raises:
        ReadOnlyError, ExportError: It cannot be read.
    """
    with storage_errors(path):
        text = path.read_bytes().decode("utf-8", "replace")
    mark = _mark(text)
    return mark["commit"] if mark else ""


def put_away(path: Path) -> Path:
    """Rename an edited file whose changes were taken, so that they are not offered again.

    Returns:
        Where it lies now; nothing of it is lost.
    """
    with storage_errors(path):
        stem = path.stem.partition(".edited-")[0]
        taken = path.with_name(f"{stem}.taken-{_hash(path.read_bytes())[:8]}.md")
        path.replace(taken)
    return taken


def manuscript_state(path: Path, head: SceneCommit) -> FileState:
    """How a branch's file stands to the last scene of its chain.

    Raises:
        ReadOnlyError, ExportError: The file cannot be read.
    """
    with storage_errors(path):
        # An empty one is what a power cut may leave, see `write_atomic`.
        if not path.is_file() or not path.stat().st_size:
            return "missing"
        text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    mark = _MARK.search(text)
    if mark is None or _hash(unmarked(text).encode()) != mark["text"]:
        return "edited"
    return "current" if head.id.startswith(mark["commit"]) else "behind"


def unmarked(text: str) -> str:
    """The text of a manuscript's file, without the line that names its commit."""
    mark = _mark(text)
    return text if mark is None else text[: mark.start()].rstrip("\n") + "\n"


def _mark(text: str) -> re.Match[str] | None:
    return _MARK.search(text, max(0, len(text) - _MARK_CHARS))


def _is_edited(
    there: bytes,
    plan: Plan,
    chain: Sequence[SceneCommit],
    novel: NovelSettings,
    running: RunningHash,
) -> bool:
    end = there[-_MARK_CHARS:].decode("utf-8", "replace")
    mark = _mark(end)
    if mark is not None:
        tail = len(end[mark.start() :].encode())
        # As it was written; a long book is read and copied with every scene otherwise.
        if running.of(there[:-tail].rstrip(b"\n") + b"\n") == mark["text"]:
            return False
    text = there.decode("utf-8", "replace").replace("\r\n", "\n")
    if mark is not None:
        return _hash(unmarked(text).encode()) != mark["text"]
    # Written before there was a mark: by this program, if it is what this program writes.
    own = (manuscript_markdown(plan, c, novel) for c in (chain, chain[:-1]))
    return text not in own


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
