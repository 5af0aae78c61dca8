"""What a heading says it is: a chapter, a part, matter around the story, or only a title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from novelcraft.tools.books.cleaning.numerals import NUMBER, ORDINAL, number_of

HeadingKind = Literal["chapter", "part", "reference", "drop", "end", "title"]

_CHAPTER = (
    "chapter|chap|letter|stave|canto|episode|fytte|chapitre|kapitel|capitulo|capítulo|capitolo"
    "|capítol|hoofdstuk|kapittel|luku|rozdział|kapitola|fejezet|глава|розділ|κεφάλαιο|bölüm"
)
_PART = (
    "part|book|volume|vol|phase|division|partie|livre|tome|teil|buch|band|parte|libro|tomo|deel"
    "|boek|del|osa|część|часть|книга|том|μέρος"
)
_GAP = r"[\s.:—–-]+"
_REST = rf"(?:{_GAP}(?P<title>\S.*))?[\s.:—–-]*"
_NUMBERED = re.compile(
    rf"(?P<word>{_CHAPTER}|{_PART})\.?\s+(?:the\s+)?(?P<number>{NUMBER}|last)(?:\s*[.:)\]])?{_REST}",
    re.IGNORECASE | re.DOTALL,
)
_ORDINAL = re.compile(
    rf"(?:the\s+)?(?P<number>{NUMBER}|last|\w+)\.?\s+(?P<word>{_CHAPTER}|{_PART}){_REST}",
    re.IGNORECASE | re.DOTALL,
)
_GENERIC = re.compile(
    rf"(?P<word>[^\W\d_]{{3,}})\s+the\s+(?P<number>{ORDINAL}|last)\b{_REST}",
    re.IGNORECASE | re.DOTALL,
)
"""Books have all kinds of divisions: `EPOCH THE FIRST`, `Adventure the Second`."""
_FOREIGN = re.compile(
    rf"(?P<word>{_CHAPTER}|{_PART})\s+(?P<number>\w+)[\s.:—–-]*", re.IGNORECASE | re.DOTALL
)
_CJK = re.compile(
    r"第\s*(?P<number>[\d〇零一二三四五六七八九十百千两０-９]+)\s*(?P<word>[章回話话節节幕篇部卷編编])"
    r"[\s　:：.]*(?P<title>.*)",
    re.DOTALL,
)
_BARE = re.compile(
    rf"(?P<number>{NUMBER})(?:\s*[.:)]\s*|\s*[—–-]+\s*|\s*\n\s*|\s*$)(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SPECIAL = re.compile(
    r"(?:the\s+|first\s+|second\s+)*(?:prologue?|epilogue?|prologo|epilogo|prólogo|epílogo|épilogue"
    r"|prolog|epilog|пролог|эпилог|prelude|interlude|intermezzo|entr['’]acte|coda|finale"
    r"|conclusion|postlude|proem|postscript|aftermath|overture|序章|終章|尾声|楔子)"
    r"(?P<title>[\s.:—–-]+\S.*)?[\s.:—–-]*",
    re.IGNORECASE | re.DOTALL,
)
_END = re.compile(
    r"(?:the\s+)?end(?:\s+of\s+.{1,60})?|finis|fin|ende|fine|the end of .{1,60}|конец|完|終",
    re.IGNORECASE,
)
_DROPPED = re.compile(
    r"(?:table\s+of\s+)?contents(?:\s+of\s+.*)?|toc|(?:list\s+of\s+)?(?:the\s+)?illustrations"
    r"|list\s+of\s+(?:plates|maps|figures|tables)|plates|imprint|colophon"
    r"|(?:un)?copyright(?:\s+page)?"
    r"|(?:half\s*)?title\s*page|licen[cs]e|cover|transcriber['’]?s?['’]?\s+notes?.*"
    r"|advertisements?|by the same author|(?:other\s+)?(?:books|works|novels)\s+by\s.*|also by\s.*"
    r"|inhalt(?:sverzeichnis)?|table\s+des\s+mati[eè]res|[ií]ndice|inhoud|содержание|оглавление"
    r"|目次|目录|目錄",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:historical|explanatory|editorial|critical|additional)\s+notes?|.{0,60}\b(?:preface|foreword|introduction|introductory|afterword|acknowledge?ments?"
    r"|bibliograph(?:y|ical note)|glossary|appendix|appendices|errata|dramatis\s+person(?:ae|æ)"
    r"|endnotes?|footnotes?|vorwort|nachwort|einleitung|pr[ée]face|avant-propos|prefacio|prefazione"
    r"|voorwoord|предисловие|послесловие|примечания)\b.{0,60}"
    r"|notes?|(?:author|editor|publisher|translator)['’]?s['’]?\s+.{0,20}\bnote|dedication|epigraph"
    r"|(?:a\s+)?note\s+(?:on|about|by|to)\b.{0,60}|index|to\s+the\s+reader"
    r"|(?:about|note on)\s+the\s+(?:author|text|type)|(?:list\s+of\s+|the\s+|principal\s+)*"
    r"(?:characters|persons|cast)(?:\s+(?:in|of)\s+the\s+(?:story|book|novel|play|tale))?"
    r"|biographical\s+(?:note|sketch)|chronology|nota|anmerkungen|序|前言|後記|后记|あとがき",
    re.IGNORECASE | re.DOTALL,
)
PART_WORDS = frozenset(_PART.split("|"))
"""Words that number a part, lower case."""
_CJK_PARTS = "部卷篇編编"
_NAMED = frozenset(("letter", "stave", "canto", "episode", "fytte", "幕"))
"""Words for a chapter that belong to its title; the others only say that it is one."""
_ENGLISH = frozenset(("chapter", "chap", "letter", "part", "book", "volume", "vol", "stave"))
_LONGEST_LABEL = 200
_MOST_ROMAN = 200
_MINOR = frozenset(
    (
        *("a", "an", "and", "as", "at", "but", "by", "de", "des", "du", "en", "for", "from", "in"),
        *("into", "la", "le", "nor", "of", "on", "or", "over", "the", "to", "up", "upon", "van"),
        *("von", "with"),
    )
)


@dataclass(frozen=True)
class Label:
    """A heading, read."""

    kind: HeadingKind
    word: str = ""
    """`chapter`, `letter`, …, lower case; empty for a bare number or a title."""
    number: int | None = None
    own: str = ""
    """The part of it that names and numbers it, as the book has it: `CHAPTER IV`."""
    title: str = ""
    """What follows that, or the whole of a title."""


def read_heading(text: str) -> Label:
    """Tell what a heading is from its words.

    Args:
        text: Its text without markup; it may have several lines.
    """
    text = text.strip()
    bare = text.strip(" .:*—–-[]()_")
    if not bare or len(text) > _LONGEST_LABEL:
        return Label("title", title=text)
    if label := _numbered(text):
        return label
    if _END.fullmatch(bare):
        return Label("end", title=text)
    if match := _SPECIAL.fullmatch(bare):
        return Label("chapter", word="special", title=_flat(text) if match else text)
    if _DROPPED.fullmatch(bare):
        return Label("drop", title=text)
    if _REFERENCE.fullmatch(bare):
        return Label("reference", title=text)
    return Label("title", title=text)


def display_title(text: str) -> str:
    """A title on one line, in title case where the book shouts, and without its full stop."""
    text = _flat(text).replace("**", "").replace("*", "").strip(" —–-:[]")
    if (
        text.endswith(".")
        and not text.endswith("..")
        and not re.search(r"(?:^|[\s.])[A-Z]\.$", text)
    ):
        text = text[:-1]
    letters = [c for c in text if c.isalpha()]
    if letters and all(c.isupper() or not c.islower() for c in letters) and text != text.lower():
        return _title_case(text)
    return text


def _numbered(text: str) -> Label | None:
    for pattern in (_NUMBERED, _CJK, _ORDINAL, _GENERIC, _FOREIGN):
        if (match := pattern.fullmatch(text)) and (label := _keyword_label(pattern, match)):
            return label
    match = _BARE.fullmatch(text)
    if not match or (number := number_of(match["number"])) is None:
        return None
    # "Mix" and "Di" are words, "MIX" is one that shouts.
    own, title = match["number"], match["title"].strip()
    roman = re.fullmatch(r"[ivxlcdm]+", own, re.IGNORECASE)
    if roman and (number > _MOST_ROMAN or not (own.isupper() or (own.islower() and not title))):
        return None
    return Label("chapter", number=number, own=own, title=title)


def _keyword_label(pattern: re.Pattern[str], match: re.Match[str]) -> Label | None:
    found = match.groupdict()
    word, said = found["word"].lower(), found["number"].lower()
    number = number_of(said)
    english = word in _ENGLISH
    if pattern in (_ORDINAL, _FOREIGN) and number is None and (english or not _ordinal(said)):
        return None
    title = (found.get("title") or "").strip()
    own = match.string[: match.start("title")] if title else match.string
    part = word in PART_WORDS or word in _CJK_PARTS or pattern is _GENERIC
    return Label(
        "part" if part else "chapter",
        word=word if part or word in _NAMED else "chapter",
        number=number,
        own=own.strip(" \n.:—–-"),
        title=title,
    )


def _ordinal(word: str) -> bool:
    """Whether a word of another language looks like an ordinal: premier, erstes, première."""
    return len(word) > 2 and word.isalpha()


def _flat(text: str) -> str:
    return " ".join(text.split())


def _title_case(text: str) -> str:
    words = text.split(" ")
    return " ".join(
        _word_case(word, first=n == 0 or _ends_sentence(words[n - 1]))
        for n, word in enumerate(words)
    )


def _ends_sentence(word: str) -> bool:
    return word.endswith((":", "—", "!", "?")) or re.fullmatch(r"\w{3,}\.", word) is not None


def _word_case(word: str, *, first: bool) -> str:
    core = word.strip("“”‘’\"'(),.;:!?—-")
    if len(core) > 1 and re.fullmatch(r"[IVXLC]+", core) and core not in {"CIVIL", "MIX", "ILL"}:
        return word
    if re.fullmatch(r"(?:[A-Z]\.)+[A-Z]?", core + ("." if word.endswith(".") else "")):
        return word
    lower = word.lower()
    if not first and core.lower() in _MINOR:
        return lower
    return re.sub(
        r"^\W*\w|(?<=[-—–/])\w|(?<=\b[od]['’])\w|(?<=\bmc)\w", lambda m: m[0].upper(), lower
    )
