"""Which files are books, and by which names they are known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from novelcraft.errors import InputError
from novelcraft.state.prep import BookTask, Stage
from novelcraft.tools.books.folder import PrepFolder, bytes_hash
from novelcraft.tools.books.reading.convert import SUFFIXES

_NO_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST = 60
_EBOOKS = frozenset((".epub", ".docx", ".odt"))


def book_files(given: Sequence[Path]) -> list[Path]:
    """The files that were named, and the books in folders that were named.

    In a folder that holds e-books, the plain files beside them are about the books.

    Raises:
        InputError: A path that is not there, or a folder without a book.
    """
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            there = sorted(
                p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()
            )
            found = [p for p in there if p.suffix.lower() in _EBOOKS] or there
            if not found:
                raise InputError(
                    f"{path} holds no book: no {', '.join(sorted(SUFFIXES))} file.",
                    fix="Name the files of the books.",
                )
            files += found
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"{path}: there is no such file.", fix="Check the path.")
    return list(dict.fromkeys(files))


def tasks_for(
    files: Iterable[Path], folder: PrepFolder, until: Stage
) -> tuple[list[BookTask], tuple[str, ...]]:
    """A task for each book, and what a person should know of those that are left out.

    A file keeps the name under which it is known: by its bytes, or by its file name when the
    bytes are new. Two files with the same bytes are one book.
    """
    known = [folder.read_source(book_id) for book_id in folder.book_ids()]
    by_bytes = {source.sha256: source.book_id for source in known}
    by_file = {source.file: source.book_id for source in known}
    taken = {source.book_id: source.file for source in known}
    tasks: list[BookTask] = []
    notices: list[str] = []
    seen: dict[str, Path] = {}
    for path in files:
        digest = bytes_hash(path)
        if digest in seen:
            notices.append(f"{path.name} is the same file as {seen[digest].name}")
            continue
        seen[digest] = path
        book_id = by_bytes.get(digest) or by_file.get(path.name) or _new_id(path, taken)
        taken[book_id] = path.name
        tasks.append(BookTask(book_id=book_id, path=str(path), until=until))
    return tasks, tuple(notices)


def known_tasks(folder: PrepFolder, until: Stage) -> list[BookTask]:
    """A task for each book that is in the folder already."""
    return [BookTask(book_id=name, path="", until=until) for name in folder.book_ids()]


def _new_id(path: Path, taken: Iterable[str]) -> str:
    plain = unicodedata.normalize("NFKD", path.stem.lower())
    name = _NO_NAME.sub("-", plain.encode("ascii", "ignore").decode()).strip("-")[:_LONGEST]
    name = name.strip("-") or "book"
    number, book_id = 1, name
    while book_id in taken:
        number += 1
        book_id = f"{name}-{number}"
    return book_id
