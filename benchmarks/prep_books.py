"""How well books are read and cleaned, against a truth that is taken from their XHTML.

    python -m benchmarks.prep_books FOLDER

For every EPUB in the folder: chapters, recall and precision of the narrative's words in order,
leftovers of markup, notes and licence, and the time against pandoc's own. The truth knows nothing
of the cleaner: in Standard Ebooks' files it is the body matter without note references, in Project
Gutenberg's the text between the markers, from the first chapter on, without blocks that begin with
an asterisk. Files of other makers are timed only. Editions of one title are compared.
"""

from __future__ import annotations

import difflib
import posixpath
import re
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pypandoc

from novelcraft.state.books import BookSource
from novelcraft.tools.books.cleaning.chapters import Chapter, split_chapters
from novelcraft.tools.books.cleaning.clean import CleanBook, clean
from novelcraft.tools.books.cleaning.word_audit import unaccounted
from novelcraft.tools.books.reading.convert import read_source

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
LEFTOVER = re.compile(
    r"<[A-Za-z/!]|&[a-z]+;|\]\(|\[\d+\]|\[\^|↩|Project Gutenberg|gutenberg\.org|Standard Ebooks"
    r"|licen[cs]e under|xhtml|\[Pg|\[Illustration|:::|\{[.#]"
)
BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "br", "blockquote", "tr", "td"}


@dataclass
class Measured:
    source: BookSource
    book: CleanBook
    truth: list[list[str]]
    seconds: float
    pandoc: float
    raw: str


def words(text: str) -> list[str]:
    """Runs of letters, digits and apostrophes."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.replace("’", "'").replace("\u2060", "").lower())


def spine(archive: zipfile.ZipFile) -> list[ElementTree.Element]:
    container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
    root = next(e for e in container.iter() if e.tag.endswith("rootfile")).attrib["full-path"]
    package = ElementTree.fromstring(archive.read(root))
    items = {e.attrib["id"]: e.attrib["href"] for e in package.iter() if e.tag.endswith("}item")}
    refs = [e.attrib["idref"] for e in package.iter() if e.tag.endswith("}itemref")]
    folder = posixpath.dirname(root)
    return [
        ElementTree.fromstring(archive.read(posixpath.join(folder, unquote(items[ref]))))
        for ref in refs
    ]


def name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def kinds(element: ElementTree.Element) -> set[str]:
    return set(element.get(EPUB_TYPE, "").split())


def text_of(element: ElementTree.Element, skip: set[ElementTree.Element]) -> str:
    if element in skip or not name(element):
        return ""
    inner = element.text or ""
    for child in element:
        inner += text_of(child, skip) + (child.tail or "")
    return f"\n{inner}\n" if name(element) in BLOCKS else inner


def standard_truth(files: list[ElementTree.Element]) -> list[list[str]]:
    chapters = []
    for file in files:
        body = next(e for e in file.iter() if name(e) == "body")
        if "bodymatter" not in kinds(body):
            continue
        skip = {e for e in body.iter() if "noteref" in kinds(e)}
        head = next((e for e in body.iter() if name(e) in {"hgroup", "h2", "h3", "header"}), None)
        chapters.append(words(text_of(body, skip | ({head} if head is not None else set()))))
    return chapters


def gutenberg_truth(files: list[ElementTree.Element]) -> list[list[str]]:
    chapters: list[list[str]] = []
    for file in files:
        body = next(e for e in file.iter() if name(e) == "body")
        for element in body:
            text = text_of(element, set())
            if "pg-boilerplate" in element.get("class", ""):
                continue
            if name(element) == "h2" and re.match(r"\s*CHAPTER\b", text):
                chapters.append([])
            elif name(element) == "h3" and chapters and not chapters[-1]:
                continue
            elif chapters and not text.strip().startswith("*"):
                chapters[-1] += words(text)
    return chapters


def truth_of(path: Path) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        files = spine(archive)
        opf = archive.read(next(n for n in archive.namelist() if n.endswith(".opf"))).decode()
    if "standardebooks.org" in opf:
        return standard_truth(files)
    return gutenberg_truth(files) if "gutenberg.org" in opf else []


def matched(one: list[list[str]], other: list[list[str]]) -> int:
    """Words in common, in order, chapter by chapter."""
    total = 0
    for a, b in zip(one, other, strict=False):
        matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
        total += sum(block.size for block in matcher.get_matching_blocks())
    return total


def own_words(chapters: list[Chapter]) -> list[list[str]]:
    return [words(chapter.text) for chapter in chapters]


def measure(path: Path) -> Measured:
    start = time.perf_counter()
    command = [pypandoc.get_pandoc_path(), "-t", "gfm-smart", "--wrap=none", "--sandbox", str(path)]
    subprocess.run(command, capture_output=True, check=True)
    pandoc = time.perf_counter() - start
    start = time.perf_counter()
    source, raw = read_source(path)
    book = clean(raw)
    seconds = time.perf_counter() - start
    return Measured(source, book, truth_of(path), seconds, pandoc, raw)


def report(found: Measured) -> str:
    own = own_words(split_chapters(found.book.narrative))
    have, want = sum(map(len, own)), sum(map(len, found.truth))
    same = matched(own, found.truth)
    left = LEFTOVER.findall(found.book.narrative)
    lost, added = unaccounted(found.raw, found.book)
    return (
        f"| {found.source.book_id} | {len(own)} of {len(found.truth)} | {have:,} of {want:,} |"
        f" {same / want if want else 0:.3%} | {same / have:.3%} | {len(left)} |"
        f" {sum(lost.values())} / {sum(added.values())} |"
        f" {found.pandoc:.2f} | {found.seconds / found.pandoc:.2f} |"
    )


def main(folder: Path) -> None:
    columns = ["book", "chapters", "words", "recall", "precision", "leftovers", "lost / added"]
    columns += ["pandoc s", "times"]
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    editions: dict[str, list[Measured]] = defaultdict(list)
    for path in sorted(folder.glob("*.epub")):
        found = measure(path)
        editions[found.source.title.casefold()].append(found)
        print(report(found), flush=True)
    for title, books in editions.items():
        if len(books) == 2:
            one, other = (own_words(split_chapters(b.book.narrative)) for b in books)
            total = sum(map(len, one)) + sum(map(len, other))
            print(f"\nEditions of {title} agree in {2 * matched(one, other) / total:.3%} of words.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
