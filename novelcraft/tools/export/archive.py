"""The two ZIP archives that pandoc alone does not make as we want them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from novelcraft.tools.export.pandoc import run_pandoc

_OPF = "EPUB/content.opf"
_DATE = re.compile(rb"\s*<dc:date[^>]*>[^<]*</dc:date>")
_TITLE = re.compile(rb"<title>(.*?)</title>", re.DOTALL)
_TAG = re.compile(rb"<[^>]*>")
_AROUND = (b"<title>", b"</title>")

_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_FOOTER_ID = "rIdFooter"
_FOOTER_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"


def finished_epub(epub: bytes) -> bytes:
    """An EPUB with what pandoc cannot be told.

    It has no publication date: nobody has given one, EPUB asks for none, and the fixed date of a
    reproducible export would be shown to readers as the year the book came out. And the pages'
    titles, which pandoc takes from the headings, are text alone, as XHTML wants them.
    """
    with zipfile.ZipFile(io.BytesIO(epub)) as archive:
        parts = {_OPF: _DATE.sub(b"", archive.read(_OPF))}
        for name in archive.namelist():
            if name.endswith(".xhtml"):
                page = archive.read(name)
                parts[name] = _TITLE.sub(lambda title: _TAG.sub(b"", title[1]).join(_AROUND), page)
        return _with_parts(archive, parts)


def reference_docx(assets: Path, scratch: Path) -> bytes:
    """The document whose styles, page and footer pandoc gives to every DOCX.

    Pandoc's own reference document, with our styles and a footer that counts pages.
    """
    default = run_pandoc("", ["--print-default-data-file=reference.docx"], folder=scratch)
    with zipfile.ZipFile(io.BytesIO(default.content)) as archive:
        parts = {
            "word/styles.xml": (assets / "styles.xml").read_bytes(),
            "word/footer1.xml": (assets / "footer.xml").read_bytes(),
            "[Content_Types].xml": _inserted(
                archive.read("[Content_Types].xml"),
                before=b"</Types>",
                text=f'<Override PartName="/word/footer1.xml" ContentType="{_FOOTER_TYPE}"/>',
            ),
            "word/_rels/document.xml.rels": _inserted(
                archive.read("word/_rels/document.xml.rels"),
                before=b"</Relationships>",
                text=f'<Relationship Id="{_FOOTER_ID}" Type="{_RELATION}/footer"'
                ' Target="footer1.xml"/>',
            ),
            "word/document.xml": re.sub(
                rb"<w:sectPr>.*?</w:sectPr>",
                _section().encode(),
                archive.read("word/document.xml"),
                flags=re.DOTALL,
            ),
        }
        return _with_parts(archive, parts)


def _section() -> str:
    """A page of 140 by 216 mm (a trade paperback), in twentieths of a point."""
    return (
        f'<w:sectPr><w:footerReference xmlns:r="{_RELATION}" w:type="default"'
        f' r:id="{_FOOTER_ID}"/><w:pgSz w:w="7937" w:h="12246"/>'
        '<w:pgMar w:top="1134" w:right="1021" w:bottom="1247" w:left="1021" w:header="567"'
        ' w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )


def _inserted(part: bytes, *, before: bytes, text: str) -> bytes:
    return part.replace(before, text.encode() + before)


def _with_parts(archive: zipfile.ZipFile, parts: Mapping[str, bytes]) -> bytes:
    """A copy of an archive with some parts replaced or added, and every date as it was."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as copy:
        for entry in archive.infolist():
            copy.writestr(entry, parts.get(entry.filename, archive.read(entry)))
        for name in parts.keys() - set(archive.namelist()):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            copy.writestr(entry, parts[name])
    return made.getvalue()
