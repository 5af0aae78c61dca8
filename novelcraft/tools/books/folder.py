"""The folder that preparation works in: what lies where, read and written whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from novelcraft.errors import DataFileError, InputError
from novelcraft.state.books import BookFile, BookSource, ChapterHead, Drop
from novelcraft.tools.books.build_manifest import BuildManifest
from novelcraft.tools.books.cleaning.chapters import Chapter, split_chapters
from novelcraft.tools.storage.files import write_atomic

M = TypeVar("M", bound=BaseModel)

_KEPT_BOOKS = 4

_HEADS = TypeAdapter(tuple[ChapterHead, ...])


@dataclass(frozen=True)
class PrepFolder:
    """Names the files of a prep project."""

    root: Path

    def raw(self, book_id: str) -> Path:
        """The book as pandoc gives it."""
        return self.root / "md_raw" / f"{book_id}.md"

    def source(self, book_id: str) -> Path:
        """Where the book came from."""
        return self.root / "md_raw" / f"{book_id}.json"

    def narrative(self, book_id: str) -> Path:
        """The cleaned narrative."""
        return self.root / "md_clean" / f"{book_id}.md"

    def reference(self, book_id: str) -> Path:
        """What is not the narrative."""
        return self.root / "md_clean" / f"{book_id}.reference.md"

    def drops(self, book_id: str) -> Path:
        """What went into neither."""
        return self.root / "md_clean" / f"{book_id}.drops.jsonl"

    def chapters(self, book_id: str) -> Path:
        """The heads of the chapters."""
        return self.root / "md_clean" / f"{book_id}.chapters.json"

    def base(self, book_id: str) -> Path:
        """The book's JSON without scenes."""
        return self.root / "json_base" / f"{book_id}.json"

    def scenes(self, book_id: str) -> Path:
        """The book's JSON with its scenes."""
        return self.root / "json_scenes" / f"{book_id}.json"

    def build_manifest(self, book_id: str) -> BuildManifest:
        """The book's build manifest, as it is on disk."""
        return BuildManifest(self._build_file(book_id, book_id))

    @property
    def rows_build_manifest(self) -> BuildManifest:
        """The build manifest of the rows, which all books have in common."""
        return BuildManifest(self._build_file("_rows", "_shelf"))  # no book is named like that

    def _build_file(self, name: str, earlier_name: str) -> Path:
        """A file of `build/`; in folders that were begun with earlier versions, of `ledger/`."""
        earlier = self.root / "ledger"
        if earlier.is_dir():
            return earlier / f"{earlier_name}.json"
        return self.root / "build" / f"{name}.json"

    @property
    def rows(self) -> Path:
        """The folder of the rows."""
        return self.root / "rows"

    @property
    def database(self) -> Path:
        """The log of model calls."""
        return self.root / "prep.db"

    def book_ids(self) -> list[str]:
        """Books whose raw text is here, sorted."""
        return sorted(path.stem for path in (self.root / "md_raw").glob("*.json"))

    def read_source(self, book_id: str) -> BookSource:
        """Where a book came from."""
        return _model(self.source(book_id), BookSource)

    def read_book(self, path: Path) -> BookFile:
        """A book's JSON."""
        return _book(path, _stamp(path))

    def read_chapters(self, book_id: str) -> tuple[Chapter, ...]:
        """The chapters of a book's narrative."""
        path = self.narrative(book_id)
        return _chapters(path, _stamp(path))

    def read_heads(self, book_id: str) -> tuple[ChapterHead, ...]:
        """The heads of a book's chapters."""
        path = self.chapters(book_id)
        try:
            return _HEADS.validate_json(read_text(path))
        except ValidationError as error:
            raise _refused(path, error) from error

    def read_drops(self, book_id: str) -> list[Drop]:
        """What a book's cleaning dropped; empty before it was cleaned."""
        path = self.drops(book_id)
        if not path.is_file():
            return []
        return [Drop.model_validate_json(line) for line in read_text(path).splitlines() if line]


def heads_text(heads: Sequence[ChapterHead]) -> str:
    """The heads of chapters as their file holds them."""
    return _HEADS.dump_json(tuple(heads), indent=1).decode("utf-8") + "\n"


def drops_text(drops: Sequence[Drop]) -> str:
    """A drop log as its file holds it: one JSON object a line."""
    return "".join(drop.model_dump_json() + "\n" for drop in drops)


def model_text(model: BaseModel) -> str:
    """A model as its file holds it."""
    return model.model_dump_json(indent=1) + "\n"


def read_text(path: Path) -> str:
    """A file's text, as people's editors leave it.

    Raises:
        DataFileError: It is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise DataFileError(
            f"{path}: byte {error.start} is not UTF-8 text.", fix="Save the file as UTF-8."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    write_atomic(path, text.encode("utf-8"))


def text_hash(text: str) -> str:
    """SHA-256 of a text, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def file_hash(path: Path) -> str | None:
    """Hash of a file's text; None when there is no such file."""
    return text_hash(read_text(path)) if path.is_file() else None


def bytes_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.", fix="Name a file that is there."
        ) from error


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes when a file does. Files are replaced, not written into, by us and most editors."""
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


# Every chapter of a book asks for the whole book; so the last few are kept.
@lru_cache(maxsize=_KEPT_BOOKS)
def _book(path: Path, _stamp: tuple[int, ...]) -> BookFile:
    return _model(path, BookFile)


@lru_cache(maxsize=_KEPT_BOOKS)
def _chapters(path: Path, _stamp: tuple[int, ...]) -> tuple[Chapter, ...]:
    return tuple(split_chapters(read_text(path)))


def _model(path: Path, kind: type[M]) -> M:
    try:
        return kind.model_validate_json(read_text(path))
    except ValidationError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: ValidationError) -> DataFileError:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return DataFileError(
        f"{path} cannot be used: {first['msg']}{f' at {where}' if where else ''}.",
        fix="Correct the file, or delete it to have it made again.",
    )
