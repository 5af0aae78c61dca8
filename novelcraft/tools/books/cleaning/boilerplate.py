"""What surrounds a story in an EPUB, told by markers, classes and links, never by its place alone.

Licence, imprint and contents are dropped. Dedication, foreword, afterword and the like go to the
reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from novelcraft.tools.books.cleaning.classified_blocks import Category, ClassifiedBlock
from novelcraft.tools.books.cleaning.markup import Container

_START = re.compile(
    r"\*{3}\s*START OF (?:THE|THIS) PROJECT GUTENBERG|\*?END\W{1,4}\s*THE SMALL PRINT",
    re.IGNORECASE,
)
_END = re.compile(
    r"\*{3}\s*END OF (?:THE|THIS) PROJECT GUTENBERG|^\W*End of (?:the |this )?Project Gutenberg"
    r"|^START: FULL LICEN[CS]E|^THE FULL PROJECT GUTENBERG.{0,3} LICEN[CS]E",
    re.IGNORECASE,
)
_LICENCE = re.compile(
    r"Project Gutenberg(?:™|-tm)? (?:License|Literary Archive)|This e(?:Book|text) is for the"
    r" use of anyone anywhere|www\.gutenberg\.(?:org|net)/licen[cs]e",
    re.IGNORECASE,
)
_CREDITS = re.compile(
    r"\W*(?:E-?text (?:was )?(?:prepared|produced|scanned)|Produced by|Transcribed (?:by|from)"
    r"|This e-?(?:book|text) (?:was|is) (?:produced|prepared|transcribed)|Credits?:|Scanned by"
    r"|HTML version by|Illustrated HTML|Distributed Proofread)",
    re.IGNORECASE,
)
_TRANSCRIBER = re.compile(r"\W*Transcriber['’]?s?['’]? [Nn]ote", re.IGNORECASE)
_ILLUSTRATION = re.compile(r"[*\s]*\[\s*Illustrations?\b", re.IGNORECASE)
_LONGEST_CAPTION = 40
_BEFORE_START = 400
"""Blocks from the beginning in which the end of a licence header is looked for."""

DROPPED_BOXES = {
    "licence": "pg-boilerplate pgheader pg-header pgfooter pg-footer",
    "imprint": "imprint colophon copyright-page uncopyright publisher-logo",
    "title page": "titlepage halftitlepage title-page fulltitle cover x-ebookmaker-cover",
    "contents": "toc loi lot landmarks page-list contents tableofcontents",
    "transcriber's note": "transnote tnote tnotes transcriber trans-note transcribers-note",
    "illustration": "figcenter figleft figright figure illustration caption illus illo plate",
    "advertisement": "advertisement advertisements adverts ads",
}
REFERENCE_BOXES = {
    "dedication": "dedication",
    "epigraph": "epigraph",
    "note": "footnote footnotes endnote endnotes rearnote rearnotes fnote notes",
    "foreword": "foreword preface introduction preamble",
    "afterword": "afterword acknowledgments acknowledgements",
    "appendix": "appendix glossary index bibliography errata",
}
_OF_SECTIONS = frozenset(
    ["epigraph", "dedication", "foreword", "preface", "introduction", "preamble", "notes", "index"]
)
"""Classes that count only on a section: a `<div>` of that class may be of the story."""
_CATEGORIES: dict[str, tuple[Category, str]] = {
    **{name: ("drop", why) for why, names in DROPPED_BOXES.items() for name in names.split()},
    **{n: ("reference", why) for why, names in REFERENCE_BOXES.items() for n in names.split()},
}

_LINK = re.compile(
    r'<a\b[^>]*href="#[^"]*"[^>]*>(.*?)</a>|\[((?:[^\[\]\\]|\\.)*)\]\((#[^()\s]*)\)', re.DOTALL
)
_CONTENTS = re.compile(r"\W*(?:table of )?contents\W*", re.IGNORECASE)


def mark_containers(blocks: Sequence[ClassifiedBlock]) -> None:
    """Decide by the classes of the containers that blocks stand in."""
    known: dict[Container, tuple[Category, str] | None] = {}
    for block in blocks:
        for container in block.markup.containers:
            if container not in known:
                known[container] = _container_category(container)
            if (found := known[container]) is not None:
                block.decide(*found)
                break


def mark_licence(blocks: Sequence[ClassifiedBlock]) -> None:
    """Decide on the licence, before and after the markers that Project Gutenberg sets."""
    for at, block in enumerate(blocks[:_BEFORE_START]):
        if _START.search(block.text):
            for before in blocks[: at + 1]:
                before.category, before.reason = "drop", "licence"
    for at, block in enumerate(blocks):
        if _END.search(block.text):
            for after in blocks[at:]:
                after.category, after.reason = "drop", "licence"
            break
    for block in blocks:
        if block.open and _LICENCE.search(block.text):
            block.decide("drop", "licence")


def mark_transcribers(blocks: Sequence[ClassifiedBlock]) -> None:
    """Decide on notes of the people who made the file, where they stand as paragraphs."""
    for block in blocks:
        if block.open and block.markup.kind != "heading" and _TRANSCRIBER.match(block.text):
            block.decide("drop", "transcriber's note")


def mark_illustrations(blocks: Sequence[ClassifiedBlock]) -> None:
    """Decide on `[Illustration: …]`, of one paragraph or more, and on captions below pictures."""
    inside, alt = False, None
    for block in blocks:
        inside = inside and block.markup.kind != "heading"
        if block.open and (inside or _ILLUSTRATION.match(block.text)):
            block.decide("drop", "illustration")
            inside = not block.text.rstrip("* ").endswith("]")
        pictures = [mark.text for mark in block.cleaned.marks if mark.reason == "image"]
        if pictures or "<img" in block.markup.text or "![" in block.markup.text:
            alt = " ".join(pictures)
        if alt is not None and not block.empty:
            if block.markup.kind != "heading" and _is_caption(block, alt):
                block.decide("drop", "illustration")
            alt = None


def _is_caption(block: ClassifiedBlock, alt: str) -> bool:
    words, text = block.plain.split(), block.text.strip()
    if len(words) > _LONGEST_CAPTION:
        return False
    shouted = block.plain == block.plain.upper() and block.plain != block.plain.lower()
    emphasised = re.fullmatch(r"\*{1,3}[^*]+\*{1,3}\W*", text) is not None
    said = re.sub(r"\W+", " ", block.plain).casefold().strip()
    return shouted or emphasised or said == re.sub(r"\W+", " ", alt).casefold().strip()


def is_credits(block: ClassifiedBlock) -> bool:
    """Whether a paragraph says who made the file."""
    return bool(_CREDITS.match(block.text))


def mark_contents(blocks: Sequence[ClassifiedBlock]) -> None:
    """Decide on blocks that are mostly links into the book itself, and their headline."""
    for at, block in enumerate(blocks):
        if not block.open or block.markup.kind == "heading":
            continue
        if _mostly_links(block.markup.text):
            block.decide("drop", "contents")
            headline = next((p for p in reversed(blocks[:at]) if not p.empty), None)
            if headline and _CONTENTS.fullmatch(headline.text):
                headline.decide("drop", "contents")


def _container_category(container: Container) -> tuple[Category, str] | None:
    section = "section" in container.classes or container.tag in {"section", "aside"}
    for name in container.classes:
        if name in _CATEGORIES and (section or name not in _OF_SECTIONS):
            return _CATEGORIES[name]
    if container.tag == "figure":
        return ("drop", "illustration")
    if container.id.endswith(("pg-header", "pg-footer")):
        return ("drop", "licence")
    return None


def _mostly_links(text: str) -> bool:
    if "#" not in text:
        return False
    shown = [a or b for a, b, _ in _LINK.findall(text)]
    linked = sum(len(s) for s in shown)
    rest = re.sub(r"<[^>]*>|[\W\d_]", "", _LINK.sub("", text))
    return linked >= 3 and (len(shown) > 1 or len(rest) == 0) and linked >= 2 * len(rest)
