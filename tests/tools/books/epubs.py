"""EPUBs of the shapes that makers give them, with prose of our own."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title>{name}</title></head>
<body epub:type="{kind}">{body}</body></html>"""

LONG = (
    "The pilot lamp on the ledger wall had burned for eleven winters, and nobody at Corrie Weir"
    " could say who trimmed it. Hanne asked her uncle, who asked the miller, who said that a lamp"
    " which wants no oil wants no questions either. So she sat up beside it, wrapped in the blue"
    " rug, and counted the boats that did not come. "
)
"""Prose that is long enough for a chapter."""


def package(names: list[str], *, title: str = "The Lamp at Corrie Weir") -> str:
    """A package file whose spine has these files."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n, _ in enumerate(names))
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">x</dc:identifier>
<dc:title>{title}</dc:title><dc:creator>Ida Marsh</dc:creator><dc:language>en-GB</dc:language>
</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"""


def epub(path: Path, pages: Mapping[str, str], others: Mapping[str, str | bytes] = {}) -> Path:
    """Write an EPUB.

    Args:
        path: Where to.
        pages: Body of each page of the spine, by file name.
        others: More entries, or ones to take the place of those that are made here.
    """
    entries: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "book/content.opf": package([*pages]),
    }
    for name, body in pages.items():
        kind = "bodymatter" if "chapter" in name else "frontmatter"
        entries[f"book/{name}"] = PAGE.format(name=name, kind=kind, body=body)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (entries | dict(others)).items():
            archive.writestr(name, content)
    return path


def standard(path: Path) -> Path:
    """A book as Standard Ebooks builds them: one section a file, semantics in `epub:type`."""
    return epub(
        path,
        {
            "titlepage.xhtml": '<section id="titlepage" epub:type="titlepage"><h1>The Lamp</h1>'
            '<img alt="" src="t.svg"/></section>',
            "imprint.xhtml": '<section id="imprint" epub:type="imprint"><header><h2>Imprint</h2>'
            "</header><p>This ebook is the product of <b>many</b> hours.</p></section>",
            "dedication.xhtml": '<section id="dedication" epub:type="dedication"><p>To the tide.'
            "</p></section>",
            "foreword.xhtml": '<section id="foreword" epub:type="foreword"><h2>Foreword</h2>'
            "<p>I found these pages in a wall.</p></section>",
            "part-1.xhtml": '<section id="part-1" epub:type="part"><hgroup>'
            '<h2><span epub:type="label">Part</span> <span epub:type="ordinal">I</span></h2>'
            '<p epub:type="title">Low Water</p></hgroup></section>',
            "chapter-1.xhtml": '<section id="chapter-1" epub:type="chapter"><hgroup>'
            '<h3 epub:type="ordinal z3998:roman">I</h3><p epub:type="title">A Wall with a Lamp</p>'
            "</hgroup><p>“<abbr>Mr.</abbr> Orr is <i>out</i>,” she said.<a "
            'href="endnotes.xhtml#note-1" id="noteref-1" epub:type="noteref">1</a> It\u2060—was so.'
            f"</p><p>{LONG}</p><hr/><blockquote><p><span>Low runs the weir,"
            '</span><br/><span class="i1">and late.</span></p></blockquote></section>',
            "chapter-2.xhtml": '<section id="chapter-2" epub:type="chapter"><h3>II</h3>'
            f"<p>{LONG}</p></section>",
            "epilogue.xhtml": '<section id="epilogue" epub:type="epilogue"><h2>Epilogue</h2>'
            "<p>The lamp went out.</p></section>",
            "endnotes.xhtml": '<section id="endnotes" epub:type="endnotes"><h2>Endnotes</h2><ol>'
            '<li id="note-1" epub:type="endnote"><p>A miller. <a href="chapter-1.xhtml#noteref-1" '
            'epub:type="backlink">↩</a></p></li></ol></section>',
            "uncopyright.xhtml": '<section id="uncopyright" epub:type="copyright-page"><h2>'
            "Uncopyright</h2><p>Do as you like.</p></section>",
        },
    )


def gutenberg(path: Path) -> Path:
    """A book as Project Gutenberg's tools build them: split anywhere, semantics in classes."""
    return epub(
        path,
        {
            "0.xhtml": '<div class="pg-boilerplate pgheader" id="pg-header"><h2>The Project '
            "Gutenberg eBook of The Lamp</h2><p>*** START OF THE PROJECT GUTENBERG EBOOK ***</p>"
            "</div><p>Produced by two volunteers</p><h1>THE LAMP</h1><h2>by Ida Marsh</h2>"
            '<h2>CONTENTS</h2><p><a href="0.xhtml#c1">CHAPTER I</a></p><p><a href="1.xhtml#c2">'
            "CHAPTER II</a></p><h2>PREFACE.</h2><p>To be skipped.</p>"
            '<h2 id="c1">CHAPTER I.<br/>THE MILLER’S DAUGHTER.</h2>'
            f'<p><span class="pagenum" id="Page_7">[Pg 7]</span>{LONG}A lamp.*</p>'
            '<div class="pgmonospaced">     * A lamp of that day\n<br/>     burned oil.\n<br/>'
            "\n<br/>     It also smoked.\n<br/></div>"
            '<div class="figcenter"><img src="a.jpg" alt="A mill"/><p>THE MILL.</p></div>'
            "<p>[Illustration: The weir]</p><p>“Who trims it?” she asked.[1]</p>"
            '<div class="footnote"><p><a id="fn1" href="#FNanchor_1">[1]</a> Nobody.</p></div>'
            "<p>* * * * *</p>"
            '<div class="poem"><div class="stanza"><div class="verse">Low runs the weir,</div>'
            '<div class="verse">and late.</div></div></div>',
            "1.xhtml": f'<p>{LONG}</p><h2 id="c2">CHAPTER II.<br/>THE LAST BOAT</h2><p>{LONG}</p>'
            "<p>THE END</p><p>Transcriber’s note: spelling kept.</p>"
            '<div class="pg-boilerplate" id="pg-footer"><p>*** END OF THE PROJECT GUTENBERG EBOOK '
            "***</p><p>Project Gutenberg License text.</p></div>",
        },
    )
