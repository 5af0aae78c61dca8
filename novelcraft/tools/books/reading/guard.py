"""What a book's file is checked for before any program reads it.

EPUB, DOCX and ODT are ZIP archives of XML, and strangers make them. Each entry is unpacked here
once, in pieces that are thrown away, so what pandoc gets has been seen to be of the size it says.
No XML is parsed before it was seen to declare no entities.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import unquote
from xml.parsers.expat import ExpatError

from novelcraft.errors import (
    BookEntityError,
    BookFormatError,
    BookPathError,
    BookTooLargeError,
    DamagedBookError,
    ProtectedBookError,
)
from novelcraft.tools.books.reading.encoding import as_utf8
from novelcraft.tools.books.reading.xml_tags import EntityDeclaredError, Tag, tags

MOST_TEXT = 64 << 20
"""Bytes of text in one book: twenty times a novel of 500,000 words."""
MOST_BYTES = 1 << 30
"""Bytes that a whole book may unpack to, pictures and sound too."""
MOST_RATIO = 100
"""How many times its own size a book may unpack to, once that is more than `HARMLESS`."""
HARMLESS = 8 << 20
_MOST_ENTRIES = 20_000
_PIECE = 1 << 20

_TEXT_NAMES = (".xhtml", ".html", ".htm", ".xml", ".opf", ".ncx", ".rels", ".svg", ".rdf")
_PARTS = {".docx": "word/document.xml", ".odt": "content.xml", ".epub": "META-INF/container.xml"}
_ENTITY = re.compile(rb"<!ENTITY\b")
_DOCTYPE_FILE = re.compile(rb"""<!DOCTYPE[^>\[]*\bSYSTEM\s+["'](?:file:|/|\.\.)""")
_FONT_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Methods that veil embedded fonts and nothing else: no DRM."""
_RIGHTS = re.compile(r"adobe\.com/adept|fairplay|sinf", re.IGNORECASE)
"""In a name or a namespace of `rights.xml`: the licence of a DRM system."""


def check_archive(path: Path) -> dict[str, bytes]:
    """Check an EPUB, DOCX or ODT.

    Args:
        path: The file; its suffix says which of them it should be.

    Returns:
        Entries that were not UTF-8, in UTF-8: they must take the place of those in the archive.

    Raises:
        BookFormatError: Not a ZIP archive, or not of that format.
        ProtectedBookError: DRM, or a password.
        BookTooLargeError: It would unpack to far more than a book.
        BookPathError: Names with `..`, or absolute ones.
        BookEntityError: An XML file defines entities.
        BookEncodingError: The encoding of a text in it cannot be told.
        DamagedBookError: Broken, or of other sizes than it says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = _checked_names(archive, path)
            _check_sizes(archive, path)
            texts = {n: _unpacked(archive, archive.getinfo(n), path) for n in archive.namelist()}
    except zipfile.BadZipFile as error:
        if not _looks_zipped(path):
            raise _no_book(path, "it is no ZIP archive") from error
        raise _damaged(path, str(error)) from error
    except (zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise _damaged(path, str(error)) from error
    recoded = _recoded(texts, path)
    texts |= recoded
    for name, data in texts.items():
        plain = data.replace(b"\0", b"")  # UTF-16 without a mark is ASCII with zeros between
        if _ENTITY.search(plain) or _DOCTYPE_FILE.search(plain):
            raise _entities(path, name)
    if path.suffix.lower() == ".epub":
        _check_rights(texts, path)
        _check_package(texts, names, path)
    return recoded


def _checked_names(archive: zipfile.ZipFile, path: Path) -> set[str]:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise _protected(path, "its archive has a password")
    for entry in entries:
        if _outside(entry.orig_filename) or _outside(entry.filename):
            raise BookPathError(
                f"{path.name} has an entry named {entry.filename!r}, outside of the book.",
                fix="Get the book from another source: a sound one never has such names.",
            )
    if len(names) != len(entries):
        raise _damaged(path, "two of its entries have the same name")
    if _PARTS[path.suffix.lower()] not in names:
        raise _no_book(path, f"it has no {_PARTS[path.suffix.lower()]}")
    return names


def _outside(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return ".." in parts or name.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", name))


def _check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    packed = max(1, path.stat().st_size)
    text = sum(e.file_size for e in entries if _is_text(e.filename))
    if (
        len(entries) > _MOST_ENTRIES
        or total > MOST_BYTES
        or text > MOST_TEXT
        or (total > HARMLESS and total > MOST_RATIO * packed)
    ):
        raise BookTooLargeError(
            f"{path.name} has {packed:,} bytes and unpacks to {total:,} in {len(entries):,} files,"
            f" {text:,} of them text: no book does.",
            fix="If it is a real book, save its text as Markdown or DOCX without pictures.",
        )


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> bytes:
    """An entry's bytes where it is text; of others nothing, but their size and sum are checked."""
    kept, size = bytearray(), 0
    with archive.open(entry) as stream:
        while piece := _piece(stream):
            size += len(piece)
            if _is_text(entry.filename):
                kept += piece
    if size != entry.file_size:
        raise _damaged(path, f"{entry.filename} has {size:,} bytes and says {entry.file_size:,}")
    return bytes(kept)


def _piece(stream: IO[bytes]) -> bytes:
    return stream.read(_PIECE)


def _is_text(name: str) -> bool:
    return name.lower().endswith(_TEXT_NAMES)


def _tags(texts: Mapping[str, bytes], name: str, path: Path) -> list[Tag]:
    """The tags of an XML file in the archive; none where there is no such file."""
    try:
        return list(tags(texts[name])) if name in texts else []
    except EntityDeclaredError as error:
        raise _entities(path, name) from error
    except ExpatError as error:
        raise _damaged(path, f"{name} is no well-formed XML, {error}") from error


def _check_rights(texts: Mapping[str, bytes], path: Path) -> None:
    for tag in _tags(texts, "META-INF/encryption.xml", path):
        method = tag.attributes.get("Algorithm", "")
        if tag.name == "EncryptionMethod" and method not in _FONT_ONLY:
            raise _protected(path, f"its text is encrypted ({method})")
    drm = any(
        _RIGHTS.search(" ".join((tag.name, *tag.attributes, *tag.attributes.values())))
        for tag in _tags(texts, "META-INF/rights.xml", path)
    )
    if drm or "META-INF/license.lcpl" in texts or "META-INF/sinf.xml" in texts:
        raise _protected(path, "it has a licence of a DRM system")


def _check_package(texts: Mapping[str, bytes], names: set[str], path: Path) -> None:
    container = _tags(texts, _PARTS[".epub"], path)
    root = next((t.attributes.get("full-path", "") for t in container if t.name == "rootfile"), "")
    if root not in names:
        raise _damaged(path, f"the package file {root!r} that its container names is not there")
    if not _is_text(root):
        raise _no_book(path, f"its package file is named {root!r}, as no XML is")
    package = _tags(texts, root, path)
    files: dict[str, str] = {}
    for item in package:
        href = item.attributes.get("href", "")
        if item.name != "item" or ":" in href.split("/")[0]:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(root), unquote(href)))
        if target.startswith(("..", "/")):
            raise BookPathError(
                f"{path.name} names {href!r}, which is outside of the book.",
                fix="Get the book from another source: a sound one never has such names.",
            )
        files[item.attributes.get("id", "")] = target
    for reference in package:
        idref = reference.attributes.get("idref", "")
        if reference.name == "itemref" and files.get(idref) not in names:
            raise _damaged(path, f"{files.get(idref) or idref!r} of its spine is missing")


def _recoded(texts: dict[str, bytes], path: Path) -> dict[str, bytes]:
    recoded: dict[str, bytes] = {}
    for name, data in texts.items():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            recoded[name] = as_utf8(data, f"{name} in {path.name}")
    return recoded


def _looks_zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(b"PK")


def _no_book(path: Path, why: str) -> BookFormatError:
    return BookFormatError(
        f"{path.name} is not what its name says: {why}.",
        fix="Check the file, and give it the suffix of its real format.",
    )


def _damaged(path: Path, why: str) -> DamagedBookError:
    return DamagedBookError(f"{path.name} is damaged: {why}.", fix="Fetch or save the book again.")


def _entities(path: Path, name: str) -> BookEntityError:
    return BookEntityError(
        f"{name} in {path.name} defines XML entities.",
        fix="Get the book from another source, or save it anew with an e-book editor.",
    )


def _protected(path: Path, why: str) -> ProtectedBookError:
    return ProtectedBookError(
        f"{path.name} is protected: {why}.",
        fix="Use a copy without DRM; protected books cannot be prepared.",
    )
