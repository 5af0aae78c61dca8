"""Bytes of a book as text."""

from __future__ import annotations

import codecs
import re

from novelcraft.errors import BookEncodingError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""(?:encoding\s*=\s*["']|charset\s*=\s*["']?|Character set encoding:\s*)([\w.:-]+)""",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"""(<\?xml[^>]*encoding\s*=\s*["'])[\w.:-]+""")
_HEAD = 20_000
"""Bytes from the beginning in which a declaration is looked for."""
_WESTERN = re.compile(
    "[^\x00-\x7f–—‘’“”…•™©®°§£¢€½¼¾«»¿¡·´`àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßšž]", re.IGNORECASE
)
_FOREIGN_SHARE = 0.05
"""Of characters beyond ASCII, in a text that may be taken for a Western one."""


def decode(data: bytes, name: str) -> str:
    """Text from bytes: by byte order mark, as UTF-8, or as the text itself declares.

    Text that declares nothing and is not UTF-8 is read as Windows-1252 where that gives hardly
    more than plain English with curly quotes and a few accents.

    Args:
        data: The bytes of one file.
        name: What to call it in an error.

    Raises:
        BookEncodingError: None of these fits.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _as(data, encoding, name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start
    if (match := _DECLARED.search(data[:_HEAD])) and _known(match[1]) not in {"utf-8", ""}:
        return _as(data, _known(match[1]), name)
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    beyond = sum(not character.isascii() for character in text)
    if text and not _WESTERN.search(text) and beyond <= _FOREIGN_SHARE * len(text):
        return text
    raise BookEncodingError(
        f"{name} is not UTF-8 (byte {place} is 0x{data[place]:02x}) and does not say what it is.",
        fix="Save it as UTF-8, or as EPUB or DOCX, which say their encoding.",
    )


def as_utf8(data: bytes, name: str) -> bytes:
    """An XML file's bytes in UTF-8, with a declaration that says so.

    Raises:
        BookEncodingError: Its encoding cannot be told.
    """
    return _DECLARATION.sub(r"\1utf-8", decode(data, name)).encode()


def _known(declared: bytes) -> str:
    try:
        return codecs.lookup(declared.decode("ascii")).name
    except LookupError:
        return ""


def _as(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise BookEncodingError(
            f"{name} says it is {encoding}, but cannot be read as that: {error}.",
            fix="Save it as UTF-8.",
        ) from error
