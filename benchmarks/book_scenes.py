"""Published novels cut into pieces the size of a scene, as clean text for the checks.

Paragraphs and quoted verse are taken: no headings, tables, notes, boilerplate or front and back
matter. A piece ends at a paragraph's end, and never inside a speech that runs on over
paragraphs, because no scene ends there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypandoc

from novelcraft.state.manuscript import count_words

MATTER = re.compile(
    r"\b(imprint|introduction|preface|foreword|contents|endnotes|colophon|uncopyright|"
    r"acknowledg\w+|license|gutenberg)\b",
    re.IGNORECASE,
)
"""Headings of sections that are no part of the narrative."""

BOILERPLATE = re.compile("pg-|footer|imprint|colophon|copyright|endnotes|toc")

SUBTITLE = re.compile(r"[^.!?…]{1,60}\w")
"""A short line without a stop, right below a heading."""

NOTE_MARK = re.compile(r" \*$")

LEAVES = {"Str": None, "Space": " ", "SoftBreak": " ", "LineBreak": "\n"}
DROPPED = {"Note", "Image", "RawInline", "Superscript"}


@dataclass(frozen=True)
class Piece:
    """A stretch of a published novel."""

    book: str
    chapter: int
    text: str


def pieces(path: Path, words: int) -> list[Piece]:
    """Cut an EPUB into pieces of at least so many words; short rests join the piece before."""
    return [
        Piece(path.stem, number, text)
        for number, paragraphs in enumerate(chapters(path), 1)
        for text in _cut(paragraphs, words)
    ]


def chapters(path: Path) -> list[list[str]]:
    """The paragraphs of each chapter of an EPUB."""
    source = pypandoc.convert_file(str(path), "json", format="epub")
    found: list[list[str]] = [[]]
    keep = True
    for kind, text in _blocks(json.loads(source)["blocks"]):
        if kind == "Header":
            keep = not MATTER.search(text)
            found.append([])
        elif keep and kind == "Para" and text and (found[-1] or not SUBTITLE.fullmatch(text)):
            found[-1].append(text)
    return [c for c in found if count_words("\n".join(c)) >= 500]


def _blocks(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if block["t"] == "Div":
            attributes, inner = block["c"]
            if not BOILERPLATE.search(" ".join([attributes[0], *attributes[1]])):
                yield from _blocks(inner)
        elif block["t"] == "BlockQuote":
            yield from _blocks(block["c"])
        elif block["t"] == "Header":
            yield "Header", _inline(block["c"][2])
        elif block["t"] == "Para":
            yield "Para", _inline(block["c"])


def _inline(parts: list[dict[str, Any]]) -> str:
    text = "".join(map(_plain, parts))
    lines = re.sub(r"[\u2060\u200b]", "", text).splitlines()
    return NOTE_MARK.sub("", "\n".join(" ".join(line.split()) for line in lines).strip())


def _plain(part: dict[str, Any]) -> str:
    kind = part["t"]
    if kind in LEAVES:
        return LEAVES[kind] or part["c"]
    if kind in DROPPED or (kind == "Link" and "noteref" in part["c"][0][1]):
        return ""
    if kind == "Quoted":
        marks = "“”" if part["c"][0]["t"] == "DoubleQuote" else "‘’"
        return marks[0] + _inline(part["c"][1]) + marks[1]
    content = part.get("c")
    if not isinstance(content, list):
        return ""
    inner = content[-1] if kind in {"Span", "Cite"} else content[1] if kind == "Link" else content
    return "".join(map(_plain, inner))


def _cut(paragraphs: list[str], words: int) -> list[str]:
    cut: list[list[str]] = [[]]
    for paragraph in paragraphs:
        if count_words("\n".join(cut[-1])) >= words and _may_end(cut[-1][-1]):
            cut.append([])
        cut[-1].append(paragraph)
    if len(cut) > 1 and count_words("\n".join(cut[-1])) < words / 2:
        rest = cut.pop()
        cut[-1] += rest
    return ["\n\n".join(c) for c in cut]


def _may_end(paragraph: str) -> bool:
    closed = paragraph.count("“") == paragraph.count("”") and paragraph.count('"') % 2 == 0
    return closed and not paragraph.endswith(":")
