"""Read a premise from the command line: the words themselves, or a file with them."""

from __future__ import annotations

from pathlib import Path

from novelcraft.config.text_files import read_text
from novelcraft.errors import PremiseError

PREMISE_FILES = {".txt", ".md"}
LONGEST_PREMISE = 20_000
"""Characters. A model of 8,192 tokens must hold the premise beside its own answer."""


def read_premise(target: str) -> str:
    """The premise that a target is, or that its file holds.

    Raises:
        PremiseError: It is empty, too long, unreadable, or a path that is not there.
    """
    path = as_path(target)
    premise = _read(path) if is_file(path) else target
    if premise is target and looks_like_path(target):
        raise PremiseError(
            f"{target}: there is no such file or folder.",
            fix="Give the path of a premise file or a novel's folder, or a premise of several "
            "words in quotes.",
        )
    if not premise.strip():
        raise PremiseError(
            "The premise is empty." if premise is target else f"{path} holds no premise.",
            fix='Say in a sentence what happens: novelcraft write "A lighthouse keeper finds …"',
        )
    if len(premise) > LONGEST_PREMISE:
        raise PremiseError(
            f"The premise has {len(premise):,} characters; {LONGEST_PREMISE:,} are taken.",
            fix="Shorten it to what the story needs.",
        )
    return premise.strip()


def looks_like_path(text: str) -> bool:
    """Whether a text was surely meant as a path: one plain word, or a beginning or end of one."""
    stripped = text.strip()
    if not stripped or "\n" in stripped:
        return False
    one_word = stripped.isascii() and not any(c.isspace() for c in stripped)
    named = Path(stripped).suffix.lower() in {*PREMISE_FILES, ".toml", ".db"}
    return one_word or named or stripped.startswith(("./", "../", "~/", "/"))


def as_path(target: str) -> Path:
    """What a target is when it is taken for a path; `~` stands for the home folder."""
    try:
        return Path(target).expanduser()
    except RuntimeError:  # "~ …" that names nobody's home
        return Path(target)


def is_file(path: Path) -> bool:
    """Whether it is a file. A long premise is no path, and asking must not fail."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_dir(path: Path) -> bool:
    """Whether it is a folder; see `is_file`."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _read(path: Path) -> str:
    if path.suffix.lower() not in PREMISE_FILES:
        raise PremiseError(
            f"{path} is no premise file: those end in {' or '.join(sorted(PREMISE_FILES))}.",
            fix="Rename it, or give the premise itself in quotes.",
        )
    return read_text(path, PremiseError)
