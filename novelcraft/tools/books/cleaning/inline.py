"""The inside of a block: from pandoc's Markdown to the words that a reader sees.

The cleaned text is plain prose in which `*` and `**` mean emphasis and nothing else is markup:
the form in which narrators write and the exports read. A hard break is a line's end after two
blanks, as Markdown has it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from novelcraft.state.books import Drop

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_EMPTY = re.compile(r"<(span|a|b|i|small|sup)\b[^>]*>\s*</\1>")
_PAGE_BOX = re.compile(
    r"""<(?:span|a)\b[^>]*(?:class="[^"]*\bp(?:age|g)-?(?:num|no|number|break)?s?\b"""
    r"""|id="[^"]*\bpage_?\d)[^>]*>([^<>]{0,20})</(?:span|a)>""",
    re.IGNORECASE,
)
_PAGE_TEXT = re.compile(r"\\?[\[{] ?(?:Pg|Page|p\.) ?(?:\d+|[ivxlc]+) ?\\?[\]}]")
_NUMBER_ONLY = re.compile(r"[\W_]*(?:(?:pg|page|p)\W*)?(?:\d+|[ivxlc]+)?[\W_]*", re.IGNORECASE)

_INNER = r"(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*"
_HTML_LINK = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.DOTALL)
_LINK = re.compile(rf"(?<![!\\])\[({_INNER})\]\(((?:[^()\s\\]|\\.)*)(?:\s+\"[^\"]*\")?\)")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_SUP = re.compile(r"(?<=[^\d\s])<sup>\s*(?:\\?\[)?(\d{1,3}|[*†‡§]+|(?:\\\*)+)(?:\\?\])?\s*</sup>")
_MARK = re.compile(r"[\[({]*(?:\d{1,4}|[a-z]|[ivxlc]{1,6}|[A-Z]|[*†‡§‖¶#]+)[\])}.]*")
_MARK_CLASS = re.compile(r"noteref|fnanchor|footnote|note-?ref|doc-noteref", re.IGNORECASE)
_LONGEST_MARK = 8
_BACK_CLASS = re.compile(r"backlink|\blabel\b|footnote-back", re.IGNORECASE)

_IMAGE = re.compile(rf"!\[({_INNER})\]\((?:[^()\\]|\\.)*\)")
_HTML_IMAGE = re.compile(r"<img\b[^>]*>")
_ALT = re.compile(r'\balt="([^"]*)"')

_BREAK_TAG = re.compile(r"\s*<br\s*/?>\s*")
_EMPHASIS_TAG = re.compile(r"</?(?:em|i)>")
_STRONG_TAG = re.compile(r"</?(?:strong|b)>")
_CLOSING_TAG = re.compile(r"</(?:td|th|tr|p|li|dt|dd|caption|figcaption|h\d)>")
_ANY_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]*)?/?>")
_AUTOLINK = re.compile(r"<((?:https?|mailto|ftp):[^\s<>]+)>")
_STRUCK = re.compile(r"~~(.+?)~~", re.DOTALL)
_CODE = re.compile(r"(?<!\\)`([^`\n]+)`")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")

_REMOVED = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
_QUOTE_GAP = re.compile("(?<=[‘’“”'\"»«‹›])[\u2009\u200a\u202f\u00a0](?=[‘’“”'\"])")
_BLANKS = re.compile("[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")


@dataclass(frozen=True)
class Cleaned:
    """A text as a reader sees it, and the marks that were in it."""

    text: str
    marks: tuple[Drop, ...] = ()


def clean_inline(text: str) -> Cleaned:
    """A block's text without markup, note marks, page numbers and images.

    Args:
        text: As pandoc wrote it, perhaps of several lines with hard breaks.
    """
    marks = _Marks()
    text = marks.take_from(text)
    text = _BREAK_TAG.sub("\\\\\n", text)
    text = _STRONG_TAG.sub("**", _EMPHASIS_TAG.sub("*", _AUTOLINK.sub(r"\1", text)))
    text = _ANY_TAG.sub("", _CLOSING_TAG.sub(" ", text))
    text = _CODE.sub(r"\1", _STRUCK.sub(r"\1", text))
    lines = [_line(line) for line in text.split("\n")]
    kept = [line for line in lines if line and line != "\\"]
    return Cleaned("  \n".join(kept), tuple(marks.found))


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


@dataclass
class _Marks:
    """Takes marks out of a text, and keeps those that have words."""

    found: list[Drop] = field(default_factory=list)

    def take_from(self, text: str) -> str:
        """The text without its marks; all other links become their text."""
        if "<" in text:
            text = _COMMENT.sub("", text)
            while (emptied := _EMPTY.sub("", text)) != text:
                text = emptied
            text = _PAGE_BOX.sub(self._page_box, text)
        text = self._images(text)
        text = _PAGE_TEXT.sub(lambda m: self._keep("page number", m[0]), text)
        if "[" in text or "<a" in text:
            text = _FOOTNOTE.sub(lambda m: self._keep("note mark", m[0]), text)
            text = _HTML_LINK.sub(lambda m: self._link(m[2], m[1]), text)
            text = _LINK.sub(lambda m: self._link(m[1], f'href="{m[2]}"'), text)
        return _SUP.sub(lambda m: self._keep("note mark", m[1]), text)

    def _page_box(self, match: re.Match[str]) -> str:
        if not _NUMBER_ONLY.fullmatch(match[1]):
            return match[1]
        return self._keep("page number", match[1])

    def _link(self, inner: str, attributes: str) -> str:
        return self._keep("note mark", inner) if _is_mark(inner, attributes) else inner

    def _images(self, text: str) -> str:
        if "<img" in text:
            text = _HTML_IMAGE.sub(
                lambda m: self._image(m, found[1] if (found := _ALT.search(m[0])) else ""), text
            )
        return _IMAGE.sub(lambda m: self._image(m, m[1]), text) if "![" in text else text

    def _image(self, match: re.Match[str], alt: str) -> str:
        """What an image becomes: nothing, or a letter, if it is a picture of a word's first."""
        after = match.string[match.end() : match.end() + 1]
        alt = alt.replace("\\", "").strip()
        if len(alt) == 1 and alt.isalpha() and after.isalpha():
            return alt
        return self._keep("image", html.unescape(alt))

    def _keep(self, reason: str, text: str) -> str:
        """Keep a mark, unless it has no words. Returns what takes its place: nothing."""
        words = _ANY_TAG.sub("", text).replace("\\", "").strip("[](){} ")
        if any(character.isalnum() for character in words):
            self.found.append(Drop(reason=reason, text=words))
        return ""


def _is_mark(inner: str, attributes: str) -> bool:
    if 'href="#' not in attributes:
        return False
    shown = _ANY_TAG.sub("", inner).replace("\\", "").strip()
    if _BACK_CLASS.search(attributes):
        return shown in {"↩︎", "↩", "↑", "^", "←", ""}
    if _MARK_CLASS.search(attributes) and len(shown) < _LONGEST_MARK:
        return True
    return bool(_MARK.fullmatch(shown))
