"""The finished book: EPUB, DOCX and PDF through pandoc, the same bytes for the same chain."""

from __future__ import annotations

import json
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import ExportError, InputError
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.export.archive import finished_epub, reference_docx
from novelcraft.tools.export.language import Language
from novelcraft.tools.export.markdown import book_title, manuscript_markdown
from novelcraft.tools.export.pandoc import run_pandoc
from novelcraft.tools.export.pdf import make_pdf
from novelcraft.tools.export.report import write_report
from novelcraft.tools.export.summary import RunSummary, run_summary
from novelcraft.tools.storage.files import storage_errors, write_atomic
from novelcraft.tools.storage.folders import scratch_folder

BookFormat = Literal["md", "epub", "docx", "pdf", "report"]
BOOK_FORMATS: tuple[BookFormat, ...] = get_args(BookFormat)
DEFAULT_FORMATS: tuple[BookFormat, ...] = ("epub", "docx", "pdf", "report")
REPORT_NAME = "report.html"

_LONGEST_NAME = 60


@dataclass(frozen=True)
class ExportResult:
    """What an export wrote, and what a person should know about it."""

    paths: tuple[Path, ...]
    """The files written, in the order the formats were asked for."""
    missing: tuple[BookFormat, ...] = ()
    """Formats of which there is no file, for a reason that stands in the notices."""
    notices: tuple[str, ...] = ()
    """Why a PDF was left out, and glyphs that an engine did not have. Not errors."""
    flaws: int = 0
    """Findings that block, in scenes and in the book as a whole, and that nobody exempted."""


@dataclass(frozen=True)
class _Book:
    """All that the formats need, gathered once."""

    source: str
    metadata: dict[str, str]
    language: Language
    assets: Path
    scratch: Path

    @property
    def reader(self) -> str:
        """Pandoc's input format. Straight quotes are curled by English rules, for English only."""
        smart = "+smart" if self.language.primary == "en" else ""
        return f"commonmark-raw_html{smart}"

    def arguments(self, writer: str) -> list[str]:
        """Pandoc's arguments that all formats share; title and author are in the source."""
        metadata = self.scratch / "metadata.json"
        metadata.write_text(json.dumps(self.metadata), encoding="utf-8")
        return [
            f"--from={self.reader}",
            f"--to={writer}",
            "--standalone",
            f"--metadata-file={metadata}",
            f"--lua-filter={self.assets / 'book.lua'}",
        ]


def export_book(
    folder: Path,
    plan: Plan,
    chain: Sequence[SceneCommit],
    novel: NovelSettings,
    novel_id: str,
    formats: Sequence[str] = DEFAULT_FORMATS,
    *,
    summary: RunSummary | None = None,
) -> ExportResult:
    """Write the book, as far as it is written, in each format.

    The same chain, plan and settings give the same EPUB, DOCX and Markdown byte for byte. Each
    file is written whole or not at all, and those of earlier formats stay when a later one fails.
    Books are named after their title, the report is `report.html`.

    Args:
        folder: Where to write, usually `exports/`; made when it is not there.
        plan: The plan version of the branch.
        chain: The scene commits in reading order, at least one.
        novel: Gives title, author and language.
        novel_id: The novel's id; with the chain's head it gives the book's own identifier.
        formats: Any of md, epub, docx, pdf, report.
        summary: What the report shows, and where the flaws are counted; made from chain and plan
            alone where it is not given: without model calls, exemptions and checks of the book.

    Raises:
        InputError: An unknown format, or none.
        UnknownTargetError: A commit names a chapter that the plan does not have.
        ExportError: Nothing is written yet, or pandoc failed. A PDF engine that is missing or
            fails is no error but a notice, because a book without a PDF is a whole book.
        DiskFullError, ReadOnlyError: A file could not be written.
    """
    wanted = [_book_format(name) for name in dict.fromkeys(formats)]
    if not wanted:
        raise InputError("No format is named.", fix=f"Use any of {', '.join(BOOK_FORMATS)}.")
    if not chain:
        raise ExportError(
            "There is nothing to export: no scene has been written yet.",
            fix="Run `novelcraft write` on the novel first.",
        )
    summary = summary or run_summary(plan, chain, novel, novel_id=novel_id)
    stem = folder / file_stem(book_title(plan, novel))
    paths: list[Path] = []
    notices: list[str] = []
    missing: list[BookFormat] = []
    with _gathered(plan, chain, novel, novel_id) as book:
        for name in wanted:
            if name == "report":
                paths.append(write_report(folder / REPORT_NAME, summary))
                continue
            content, said = _make(book, name)
            notices += said
            if content is None:
                missing.append(name)
            else:
                paths.append(write_atomic(stem.with_name(f"{stem.name}.{name}"), content))
    return ExportResult(tuple(paths), tuple(missing), tuple(notices), summary.flaws)


def file_stem(title: str) -> str:
    """A file name from a title: lower-case letters and digits of any script, with hyphens."""
    kept = "".join(
        character if unicodedata.category(character)[0] in "LMN" else " "
        for character in unicodedata.normalize("NFC", title.replace("'", "").replace("’", ""))
    )
    stem = "-".join(kept.lower().split())
    while len(stem.encode()) > _LONGEST_NAME:
        shorter = stem.rpartition("-")[0]
        stem = shorter or stem[:-1]
    return stem or "novel"


def identifier(novel_id: str, head: str) -> str:
    """The book's identifier, a URN: one and the same for one state of one novel."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"novelcraft:{novel_id}:{head}").urn


def _book_format(name: str) -> BookFormat:
    for known in BOOK_FORMATS:
        if name == known:
            return known
    raise InputError(
        f"Unknown export format {name!r}.", fix=f"Use any of {', '.join(BOOK_FORMATS)}."
    )


@contextmanager
def _gathered(
    plan: Plan, chain: Sequence[SceneCommit], novel: NovelSettings, novel_id: str
) -> Iterator[_Book]:
    language = Language(novel.language)
    metadata = {
        "lang": language.tag,
        "toc-title": language.contents,
        "identifier": identifier(novel_id, chain[-1].id),
    }
    if language.right_to_left:
        metadata |= {"dir": "rtl", "page-progression-direction": "rtl"}
    package = resources.files("novelcraft.tools.export") / "assets"
    with (
        scratch_folder() as scratch,
        storage_errors(scratch),
        resources.as_file(package) as assets,
    ):
        yield _Book(
            source=manuscript_markdown(plan, chain, novel),
            metadata=metadata,
            language=language,
            assets=assets,
            scratch=scratch,
        )


def _make(
    book: _Book, name: Literal["md", "epub", "docx", "pdf"]
) -> tuple[bytes | None, list[str]]:
    if name == "md":
        return book.source.encode(), []
    if name == "epub":
        return _epub(book), []
    if name == "docx":
        return _docx(book), []
    return make_pdf(book.source, book.arguments, assets=book.assets, scratch=book.scratch)


def _epub(book: _Book) -> bytes:
    arguments = [
        *book.arguments("epub3"),
        # The pages of an EPUB get variables, but not the metadata of that name.
        *(["--variable=dir:rtl"] if book.language.right_to_left else []),
        "--toc",
        "--split-level=1",
        f"--css={book.assets / 'book.css'}",
        f"--template={book.assets / 'epub.html'}",
    ]
    made = run_pandoc(book.source, arguments, folder=book.scratch)
    return finished_epub(made.content)


def _docx(book: _Book) -> bytes:
    reference = book.scratch / "reference.docx"
    reference.write_bytes(reference_docx(book.assets, book.scratch))
    arguments = [*book.arguments("docx"), f"--reference-doc={reference}"]
    return run_pandoc(book.source, arguments, folder=book.scratch).content
