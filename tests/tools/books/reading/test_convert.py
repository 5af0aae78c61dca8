from __future__ import annotations

import hashlib
import struct
import subprocess
import zipfile
from pathlib import Path

import pypandoc
import pytest

from novelcraft.errors import (
    BookEncodingError,
    BookEntityError,
    BookError,
    BookFormatError,
    BookPathError,
    BookTooLargeError,
    DamagedBookError,
    EmptyBookError,
    ProtectedBookError,
)
from novelcraft.tools.books.cleaning.clean import clean
from novelcraft.tools.books.reading.convert import read_source
from tests.tools.books.epubs import CONTAINER, LONG, epub, package, standard

PAGES = {"chapter-1.xhtml": "<h2>I</h2><p>The lamp burned.</p>"}
XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><body><h2>I</h2><p>Café.</p></body></html>'


LAUGHS = """<!DOCTYPE x [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;">]>"""
AES = (
    '<e><E:EncryptionMethod note="a > b" '
    "Algorithm = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc'></E:EncryptionMethod></e>"
)
ITEM = '<item id="i0" href="chapter-1.xhtml" media-type="application/xhtml+xml"/>'


def protected(method: str) -> dict[str, str | bytes]:
    return {"META-INF/encryption.xml": f'<e><EncryptionMethod Algorithm="{method}"/></e>'}


def with_size(path: Path, name: str, size: int) -> Path:
    """The same archive, whose directory gives an entry another size."""
    data = bytearray(path.read_bytes())
    at = data.find(name.encode(), data.find(b"PK\x01\x02")) - 46
    data[at + 24 : at + 28] = struct.pack("<I", size)
    path.write_bytes(data)
    return path


def test_an_epub_says_what_it_is(tmp_path: Path) -> None:
    path = standard(tmp_path / "The Lamp.v2.epub")
    source, raw = read_source(path)
    assert source.model_dump() == {
        "book_id": "the-lamp-v2",
        "title": "The Lamp at Corrie Weir",
        "author": "Ida Marsh",
        "language": "en-GB",
        "file": "The Lamp.v2.epub",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert '<div id="foreword.xhtml_foreword" class="section foreword">' in raw


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".html", ".md", ".txt"])
def test_other_formats_come_to_the_same_chapters(tmp_path: Path, suffix: str) -> None:
    text = "# Chapter One\n\n“It *burns*,” she said.\n\n# Chapter Two\n\nNo oil.\n"
    path = tmp_path / f"lamp{suffix}"
    if suffix in {".md", ".txt"}:
        path.write_text(text)
    else:
        command = [pypandoc.get_pandoc_path(), "-f", "gfm", "-o", str(path)]
        subprocess.run(command, input=text.encode(), check=True)
    source, raw = read_source(path)
    assert source.title == "lamp"
    assert clean(raw).narrative == (
        "# Chapter 1\n\n“It *burns*,” she said.\n\n# Chapter 2\n\nNo oil.\n"
    )


def test_a_text_of_project_gutenberg_says_its_title(tmp_path: Path) -> None:
    path = tmp_path / "123-0.txt"
    path.write_text(
        "The Project Gutenberg EBook of The Lamp\r\n\r\nTitle: The Lamp\r\n\r\n"
        f"Author: Ida Marsh\r\n\r\n*** START OF THE PROJECT GUTENBERG EBOOK ***\r\n\r\n{LONG}"
    )
    source, raw = read_source(path)
    assert (source.title, source.author) == ("The Lamp", "Ida Marsh")
    assert "\r" not in raw


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-8"])
def test_pages_in_another_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    page = f'<?xml version="1.0" encoding="{encoding}"?>{XHTML}'.encode(encoding)
    path = epub(tmp_path / "a.epub", PAGES, {"book/chapter-1.xhtml": page})
    assert "Café." in read_source(path)[1]


@pytest.mark.parametrize(
    "item",
    [
        ITEM.replace("media", 'xml:id="x1" media'),
        ITEM.replace("media", 'data-id="x1" data-href="../../x" media'),
        ITEM.replace("media", 'title="a > b" media'),
        ITEM.replace("<item ", '<item title="a > b" '),
        ITEM.replace('"i0"', "'i0'")
        .replace("<item", '<o:item xmlns:o="http://www.idpf.org/2007/opf"')
        .replace("id=", "id\n= "),
        f'{ITEM}<!-- <item id="i0" href="gone.xhtml"/> <itemref idref="gone"/> -->',
        f'<!-- an <item id="i0" href="../../passwd"/> --><!-- > -->{ITEM}',
        f"{ITEM}<metadata><![CDATA[<itemref idref='gone'/>]]></metadata>",
        ITEM.replace("chapter-1", "chapter&#45;1"),
    ],
)
def test_a_package_file_may_say_it_in_any_way_of_xml(tmp_path: Path, item: str) -> None:
    opf = package(["chapter-1.xhtml"]).replace(ITEM, item)
    assert item in opf
    path = epub(tmp_path / "a.epub", PAGES, {"book/content.opf": opf})
    assert "The lamp burned." in read_source(path)[1]


@pytest.mark.parametrize(
    "others",
    [
        {
            "META-INF/container.xml": CONTAINER.replace(
                "<rootfiles>", '<rootfiles><!-- <rootfile full-path="gone.opf"/> -->'
            ).replace("full-path=", 'note="1 > 0" full-path=')
        },
        {
            "META-INF/encryption.xml": '<e><!-- <EncryptionMethod Algorithm="aes"/> -->'
            '<EncryptionMethod x="a > b" Algorithm="http://ns.adobe.com/pdf/enc#RC"/></e>'
        },
        {"META-INF/rights.xml": "<r><!-- not sinf --><p>Free of adobe.com/adept.</p></r>"},
        {"book/content.opf": f"\n{package(['chapter-1.xhtml'])}"},
        {"book/content.opf": package(["chapter-1.xhtml"]).encode("utf-16")},
    ],
)
def test_other_xml_of_a_good_book(tmp_path: Path, others: dict[str, str | bytes]) -> None:
    path = epub(tmp_path / "a.epub", PAGES, others)
    assert "The lamp burned." in read_source(path)[1]


def test_nothing_outside_of_a_book_is_loaded(tmp_path: Path) -> None:
    """An external subset is named and not read; entities that it would define are refused."""
    secret = tmp_path / "x.dtd"
    secret.write_text('<!ENTITY a "chapter-1.xhtml">', encoding="utf-8")
    opf = package(["chapter-1.xhtml"]).replace("?>", f'?><!DOCTYPE package SYSTEM "{secret}">', 1)
    with pytest.raises(BookEntityError):
        read_source(epub(tmp_path / "a.epub", PAGES, {"book/content.opf": opf}))
    public = opf.replace(str(secret), "http://127.0.0.1:9/oeb.dtd")
    path = epub(tmp_path / "b.epub", PAGES, {"book/content.opf": public})
    assert "The lamp burned." in read_source(path)[1]


def test_a_page_that_lies_about_its_encoding_is_read(tmp_path: Path) -> None:
    page = f'<?xml version="1.0" encoding="utf-8"?>{XHTML}'.encode("cp1252")
    path = epub(tmp_path / "a.epub", PAGES, {"book/chapter-1.xhtml": page})
    assert "Café." in read_source(path)[1]


def test_veiled_fonts_are_no_drm(tmp_path: Path) -> None:
    path = epub(tmp_path / "a.epub", PAGES, protected("http://www.idpf.org/2008/embedding"))
    assert "The lamp burned." in read_source(path)[1]


@pytest.mark.parametrize(
    ("others", "error", "said"),
    [
        (protected("http://www.w3.org/2001/04/xmlenc#aes128-cbc"), ProtectedBookError, "aes128"),
        ({"META-INF/license.lcpl": "{}"}, ProtectedBookError, "DRM"),
        (
            {"META-INF/rights.xml": '<r xmlns="http://ns.adobe.com/adept"/>'},
            ProtectedBookError,
            "DRM",
        ),
        ({"../../x.xhtml": "x"}, BookPathError, "outside"),
        ({"/etc/x": "x"}, BookPathError, "outside"),
        ({"book/content.opf": package(["../../passwd"])}, BookPathError, "passwd"),
        ({"book/x.xhtml": '<!DOCTYPE x [<!ENTITY a "b">]>'}, BookEntityError, "entities"),
        (
            {"book/x.xhtml": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///x">]>'.encode("utf-16")},
            BookEntityError,
            "entities",
        ),
        (
            {"book/content.opf": package(["chapter-1.xhtml", "b.xhtml"])},
            DamagedBookError,
            "b.xhtml",
        ),
        ({"META-INF/container.xml": "<container/>"}, DamagedBookError, "container"),
        ({"book/x.xhtml": b"\x81\x8d\xd3\xd4 \x90"}, BookEncodingError, "x.xhtml"),
        ({"book/x.xhtml": " " * (128 << 20)}, BookTooLargeError, "134,"),
        ({"book/x.jpg": b"\0" * (128 << 20)}, BookTooLargeError, "134,"),
        (
            {"book/x.xhtml": '<!DOCTYPE x [<!ENTITY a "b">]>'.encode("utf-32-be")},
            BookEntityError,
            "entities",
        ),
        (
            {"book/x.xhtml": '\ufeff<!DOCTYPE x [<!ENTITY a "b">]>'.encode("utf-32-be")},
            BookEntityError,
            "entities",
        ),
        ({"book/content.opf": LAUGHS + package(["chapter-1.xhtml"])}, BookEntityError, "entities"),
        ({"META-INF/encryption.xml": LAUGHS + "<e>&lol3;</e>"}, BookEntityError, "entities"),
        ({"META-INF/encryption.xml": AES}, ProtectedBookError, "aes256"),
        ({"META-INF/encryption.xml": "<e>"}, DamagedBookError, r"encryption\.xml.*line 1"),
        ({"META-INF/sinf.xml": "<s/>"}, ProtectedBookError, "DRM"),
        (
            {"META-INF/container.xml": CONTAINER.replace("content.opf", "content.bin")}
            | {"book/content.bin": package(["chapter-1.xhtml"])},
            BookFormatError,
            r"content\.bin",
        ),
        ({"book/content.opf": "<package"}, DamagedBookError, r"content\.opf.*line 1"),
    ],
)
def test_a_bad_epub_is_refused(
    tmp_path: Path, others: dict[str, str | bytes], error: type[BookError], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        read_source(epub(tmp_path / "a.epub", PAGES, others))
    assert raised.value.fix


@pytest.mark.parametrize("size", [50, 5_000_000])
def test_a_package_file_that_lies_about_its_size_is_refused(tmp_path: Path, size: int) -> None:
    path = with_size(epub(tmp_path / "a.epub", PAGES), "book/content.opf", size)
    with pytest.raises(DamagedBookError, match=r"content\.opf"):
        read_source(path)


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    path = epub(tmp_path / "a.epub", PAGES)
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ProtectedBookError, match="password"):
        read_source(path)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.epub", b"", EmptyBookError),
        ("a.txt", b" \n", EmptyBookError),
        ("a.md", b"* * *\n", EmptyBookError),
        ("a.epub", b"no archive", BookFormatError),
        ("a.epub", b"PK\x03\x04 cut off", DamagedBookError),
        ("a.pdf", b"%PDF", BookFormatError),
        ("a", b"x", BookFormatError),
        ("a.txt", "吾輩は猫である。".encode("shift-jis"), BookEncodingError),
    ],
)
def test_a_bad_file_is_refused(
    tmp_path: Path, name: str, content: bytes, error: type[BookError]
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match="a"):
        read_source(tmp_path / name)


def test_another_archive_is_no_epub(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(BookFormatError, match=r"container\.xml"):
        read_source(tmp_path / "a.epub")


def test_a_book_of_pictures_has_no_words(tmp_path: Path) -> None:
    with pytest.raises(EmptyBookError, match="no words"):
        read_source(epub(tmp_path / "a.epub", {"p.xhtml": '<img src="1.png" alt=""/>'}))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"none\.epub"):
        read_source(tmp_path / "none.epub")


def test_every_refusal_has_an_exit_code_of_its_own() -> None:
    assert BookError.exit_code == 50
    assert sorted(cls.exit_code for cls in BookError.__subclasses__()) == [*range(51, 60)]
