"""A book's file as raw Markdown, through pandoc, in its sandbox."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from novelcraft.errors import (
    BookConversionError,
    BookError,
    BookFormatError,
    EmptyBookError,
)
from novelcraft.state.books import BookSource
from novelcraft.tools.books.cleaning.inline import visible
from novelcraft.tools.books.reading.encoding import decode
from novelcraft.tools.books.reading.guard import MOST_TEXT, check_archive
from novelcraft.tools.books.reading.plaintext import text_markdown
from novelcraft.tools.export.book import file_stem
from novelcraft.tools.storage.folders import scratch_folder

_READERS = {
    ".epub": "epub",
    ".docx": "docx",
    ".odt": "odt",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "gfm+yaml_metadata_block",
    ".markdown": "gfm+yaml_metadata_block",
}
_ARCHIVES = frozenset((".epub", ".docx", ".odt"))
_TEXT = frozenset((".txt", ".text"))
SUFFIXES = frozenset(_READERS) | _TEXT
"""Of files that can be read, lower case."""

_SAYS = re.compile(r"^\W{0,4}(Title|Author)\W{1,6}(\S.*?)\s*\\?$", re.MULTILINE)
"""How Project Gutenberg's header names a book, in texts that have no metadata."""
_HEAD = 4_000
_GUTENBERG_TITLE = re.compile(
    r"The Project Gutenberg e(?:Book|text)(?: of|,) (?P<title>.*?)(?:,? by .*)?\.?$", re.IGNORECASE
)

_TIMEOUT = 600
_MEMORY = "4g"
_HEAP_EXHAUSTED = 251
_LONGEST_MESSAGE = 500
_TEMPLATE = "$meta-json$\n$body$\n"


def read_source(path: Path) -> tuple[BookSource, str]:
    """Read a book: what it says about itself, and its text as GitHub's Markdown.

    Args:
        path: EPUB, DOCX, ODT, HTML, Markdown or plain text, told by its suffix.

    Raises:
        BookError: The file is not there or cannot be opened, or one of its subclasses: see
            `guard.check_archive` for what archives are checked for. Beside those,
            BookFormatError for other suffixes, EmptyBookError for a book without words,
            BookEncodingError, and BookConversionError when pandoc fails.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BookFormatError(
            f"{path.name} is of no format that can be read: {suffix or 'it has no suffix'}.",
            fix=f"Give one of {', '.join(sorted(SUFFIXES))}.",
        )
    data = _bytes(path)
    if not data.strip():
        raise EmptyBookError(f"{path.name} is empty.", fix="Check the file, or leave it out.")
    if suffix in _ARCHIVES:
        meta, raw = _from_archive(path)
    elif suffix in _TEXT:
        meta, raw = {}, text_markdown(decode(_small(data, path), path.name))
    else:
        text = decode(_small(data, path), path.name)
        meta, raw = _pandoc(path, _READERS[suffix], text.encode())
    if not any(character.isalnum() for block in raw.split("\n\n") for character in visible(block)):
        raise EmptyBookError(
            f"{path.name} has no words, perhaps because its pages are pictures.",
            fix="Use an edition with text, or leave it out.",
        )
    return _source(path, data, meta, raw), raw


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BookError(
            f"{path} cannot be read: {error.strerror or error}.", fix="Name a file that is there."
        ) from error


def _small(data: bytes, path: Path) -> bytes:
    if len(data) > MOST_TEXT:
        raise BookFormatError(
            f"{path.name} has {len(data):,} bytes: more text than any book.",
            fix="Give a single book, or cut it into volumes.",
        )
    return data


def _from_archive(path: Path) -> tuple[dict[str, Any], str]:
    recoded = check_archive(path)
    with scratch_folder() as scratch:
        if recoded:
            path = _rewritten(path, recoded, scratch)
        return _pandoc(path, _READERS[path.suffix.lower()])


def _rewritten(path: Path, recoded: dict[str, bytes], scratch: Path) -> Path:
    """A copy of an archive in which some entries have other contents."""
    copy = scratch / f"book{path.suffix.lower()}"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for entry in source.infolist():
            target.writestr(entry, recoded.get(entry.filename) or source.read(entry))
    return copy


def _pandoc(path: Path, reader: str, text: bytes | None = None) -> tuple[dict[str, Any], str]:
    """Metadata and Markdown of a file, or of a text that takes its place."""
    import pypandoc  # brings a binary of 150 MB; only preparation and export need it

    with scratch_folder() as scratch:
        template = scratch / "raw.md"
        template.write_text(_TEMPLATE, encoding="utf-8")
        command = [
            pypandoc.get_pandoc_path(),
            *("+RTS", f"-M{_MEMORY}", "-RTS"),
            *("--sandbox", "--wrap=none", f"--template={template}"),
            *(f"--from={reader}", "--to=gfm-smart", "--output=-"),
            str(path.resolve()) if text is None else "-",
        ]
        try:
            done = subprocess.run(
                command, input=text or b"", capture_output=True, timeout=_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _failed(path, f"it took longer than {_TIMEOUT} s") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-_LONGEST_MESSAGE:]
        if done.returncode == _HEAP_EXHAUSTED:
            said = f"it needed more than {_MEMORY}B of memory"
        raise _failed(path, said)
    head, _, raw = done.stdout.decode(errors="replace").partition("\n")
    return json.loads(head), raw.lstrip("\n")


def _failed(path: Path, why: str) -> BookConversionError:
    return BookConversionError(
        f"pandoc could not read {path.name}: {why}.",
        fix="Open and save the book with an e-book or word processor, then try again.",
    )


def _source(path: Path, data: bytes, meta: dict[str, Any], raw: str) -> BookSource:
    said = {key.lower(): visible(value) for key, value in reversed(_SAYS.findall(raw[:_HEAD]))}
    title = _first(meta.get("title"))
    if gutenberg := _GUTENBERG_TITLE.match(title):
        title = said.get("title") or gutenberg["title"]
    authors = ", ".join(dict.fromkeys(_all(meta.get("author") or meta.get("creator"))))
    return BookSource(
        book_id=file_stem(path.stem),
        title=" ".join((title or said.get("title") or path.stem).split()),
        author=authors or said.get("author", ""),
        language=_first(meta.get("lang") or meta.get("language")) or "en",
        file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _all(value: Any) -> list[str]:
    """The texts in a metadata value: a text, a list of them, or maps with a `text` or `name`."""
    if isinstance(value, str):
        return [" ".join(visible(value).split())] if value.strip() else []
    if isinstance(value, dict):
        return _all(value.get("text") or value.get("name"))
    if isinstance(value, list):
        return [text for each in value for text in _all(each)]
    return []


def _first(value: Any) -> str:
    return next(iter(_all(value)), "")
