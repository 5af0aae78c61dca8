"""The inside of a block: from pandoc's Markdown to the words that a reader sees.

The cleaned text is plain prose in which `*` and `**` mean emphasis and nothing else is markup:
the form in which narrators write and the exports read. A hard break is a line's end after two
blanks, as Markdown has it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from novelcraft.state.books import Drop

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_EMPTY = re.compile(r"<(span|a|b|i|small|sup)\b[^>]*>\s*</\1>")
_PAGE_BOX = re.compile(
    r"""<(?:span|a)\b[^>]*(?:class="[^"]*\bp(?:age|g)-?(?:num|no|number|break)?s?\b"""
    r"""|id="[^"]*\bpage_?\d)[^>]*>([^<>]{0,20})</(?:span|a)>""",
    re.IGNORECASE,
)
_PAGE_TEXT = re.compile(r"\\?[\[{] ?(?:Pg|Page|p\.) ?(?:\d+|[ivxlc]+) ?\\?[\]}]|\\?\{\d+\\?\}")
_NUMBER_ONLY = re.compile(r"[\W_]*(?:(?:pg|page|p)\W*)?(?:\d+|[ivxlc]+)?[\W_]*", re.IGNORECASE)

_INNER = r"(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*"
_HTML_LINK = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.DOTALL)
_LINK = re.compile(rf"(?<![!\\])\[({_INNER})\]\(((?:[^()\s\\]|\\.)*)(?:\s+\"[^\"]*\")?\)")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_SUP = re.compile(r"(?<=[^\d\s])<sup>\s*(?:\\?\[)?(\d{1,3}|[*†‡§]+|(?:\\\*)+)(?:\\?\])?\s*</sup>")
_MARK = re.compile(r"[\[({]*(?:\d{1,4}|[a-z]|[ivxlc]{1,6}|[A-Z]|[*†‡§‖¶#]+)[\])}.]*")
_MARK_CLASS = re.compile(r"noteref|fnanchor|footnote|note-?ref|doc-noteref", re.IGNORECASE)
_BACK_CLASS = re.compile(r"backlink|\blabel\b|footnote-back", re.IGNORECASE)

_IMAGE = re.compile(rf"!\[({_INNER})\]\((?:[^()\\]|\\.)*\)")
_HTML_IMAGE = re.compile(r"<img\b[^>]*?(?:\balt=\"([^\"]*)\")?[^>]*?/?>")
_ALT = re.compile(r'\balt="([^"]*)"')

_BREAK_TAG = re.compile(r"\s*<br\s*/?>\s*")
_EMPHASIS_TAG = re.compile(r"</?(?:em|i)>")
_STRONG_TAG = re.compile(r"</?(?:strong|b)>")
_ANY_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]*)?/?>")
_AUTOLINK = re.compile(r"<((?:https?|mailto|ftp):[^\s<>]+)>")
_STRUCK = re.compile(r"~~(.+?)~~", re.DOTALL)
_CODE = re.compile(r"(?<!\\)`([^`\n]+)`")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")

_REMOVED = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
_QUOTE_GAP = re.compile("(?<=[‘’“”'\"»«‹›])[\u2009\u200a\u202f\u00a0](?=[‘’“”'\"])")
_BLANKS = re.compile("[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_EMPTY_EMPHASIS = re.compile(r"(?<!\*)\*{2}(?: *\*{2})?(?!\*)(?=\s|$)")


@dataclass(frozen=True)
class Cleaned:
    """A text as a reader sees it, and the marks that were in it."""

    text: str
    marks: tuple[Drop, ...] = ()


def clean_inline(text: str, *, label: bool = False) -> Cleaned:
    """A block's text without markup, note marks, page numbers and images.

    Args:
        text: As pandoc wrote it, perhaps of several lines with hard breaks.
        label: Keep links that a note begins with: they hold its number.
    """
    text, marks = _without_marks(text, label=label)
    text = _BREAK_TAG.sub("\\\\\n", text)
    text = _STRONG_TAG.sub("**", _EMPHASIS_TAG.sub("*", _AUTOLINK.sub(r"\1", text)))
    text = _ANY_TAG.sub("", text)
    text = _CODE.sub(r"\1", _STRUCK.sub(r"\1", text))
    lines = [_line(line) for line in text.split("\n")]
    kept = [line for line in lines if line and line != "\\"]
    return Cleaned("  \n".join(kept), tuple(marks))


def visible(text: str) -> str:
    """All words of a text that a reader sees, marks last; markup and link targets are no words."""
    cleaned = clean_inline(text)
    return "\n".join([cleaned.text, *(mark.text for mark in cleaned.marks)])


def _line(line: str) -> str:
    line = line.strip()
    if line.endswith("\\"):
        line = line[:-1]
    line = html.unescape(_ESCAPE.sub(_unescape, line)).translate(_REMOVED)
    line = _BLANKS.sub(" ", _QUOTE_GAP.sub("", line)).strip()
    return f"\\{line}" if line.startswith("#") else line


def _unescape(match: re.Match[str]) -> str:
    # An entity that the author wrote as text must not become one now.
    return "&amp;" if match[1] == "&" else match[1]


def _without_marks(text: str, *, label: bool) -> tuple[str, list[Drop]]:
    marks: list[Drop] = []

    def page(match: re.Match[str]) -> str:
        inner = match[match.lastindex or 0]
        if not _NUMBER_ONLY.fullmatch(inner):
            return inner
        _note(marks, "page number", inner)
        return ""

    def html_link(match: re.Match[str]) -> str:
        return link(match[2], match[1])

    def markdown_link(match: re.Match[str]) -> str:
        return link(match[1], f'href="{match[2]}"')

    def link(inner: str, attributes: str) -> str:
        if not label and _is_mark(inner, attributes):
            _note(marks, "note mark", inner)
            return ""
        return inner

    def sup(match: re.Match[str]) -> str:
        _note(marks, "note mark", match[1])
        return ""

    if "<" in text:
        text = _COMMENT.sub("", text)
        while (emptied := _EMPTY.sub(_page_anchor, text)) != text:
            text = emptied
        text = _PAGE_BOX.sub(page, text)
    text = _without_images(text, marks)
    text = _PAGE_TEXT.sub(page, text)
    if "[" in text or "<a" in text:
        text = _FOOTNOTE.sub(lambda m: _note(marks, "note mark", m[0]), text)
        text = _LINK.sub(markdown_link, _HTML_LINK.sub(html_link, text))
    return _SUP.sub(sup, text), marks


def _page_anchor(_match: re.Match[str]) -> str:
    return ""


def _note(marks: list[Drop], reason: str, text: str) -> str:
    """Add a mark, unless it has no words to account for. Returns what replaces it: nothing."""
    words = _ANY_TAG.sub("", text).replace("\\", "").strip("[](){} ")
    if words:
        marks.append(Drop(reason=reason, text=words))
    return ""


def _is_mark(inner: str, attributes: str) -> bool:
    if 'href="#' not in attributes:
        return False
    shown = _ANY_TAG.sub("", inner).replace("\\", "").strip()
    if _BACK_CLASS.search(attributes):
        return shown in {"↩︎", "↩", "↑", "^", "←", ""}
    if _MARK_CLASS.search(attributes) and len(shown) < 8:
        return True
    return bool(_MARK.fullmatch(shown))


def _without_images(text: str, marks: list[Drop]) -> str:
    """Text without images. A picture of a word's first letter becomes that letter."""

    def image(match: re.Match[str], alt: str) -> str:
        after = match.string[match.end() : match.end() + 1]
        alt = alt.replace("\\", "").strip()
        if len(alt) == 1 and alt.isalpha() and after.isalpha():
            return alt
        return _note(marks, "image", html.unescape(alt))

    if "<img" in text:
        text = _HTML_IMAGE.sub(
            lambda m: image(m, found[1] if (found := _ALT.search(m[0])) else ""), text
        )
    if "![" in text:
        text = _IMAGE.sub(lambda m: image(m, m[1]), text)
    return text
