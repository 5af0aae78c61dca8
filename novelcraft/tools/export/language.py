"""What a book needs to know about its language: tag, direction, and the words on its headings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from novelcraft.errors import ConfigError

_TAG = re.compile(
    r"""
    (?: [a-z]{2,3} (?:-[a-z]{3}){0,3} | [a-z]{4,8} )       # language, extended language
    (?: -[a-z]{4} )?                                       # script
    (?: -(?:[a-z]{2}|\d{3}) )?                             # region
    (?: -(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}) )*                # variants
    (?: -[0-9a-wy-z](?:-[a-z0-9]{2,8})+ )*                 # extensions
    (?: -x(?:-[a-z0-9]{1,8})+ )?                           # private use
    | x(?:-[a-z0-9]{1,8})+
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""BCP 47 (RFC 5646, section 2.1) without the 26 grandfathered tags, which are all deprecated."""

_RIGHT_TO_LEFT = {
    "ar",
    "arc",
    "ckb",
    "dv",
    "fa",
    "he",
    "ku",
    "nqo",
    "ps",
    "sd",
    "syr",
    "ug",
    "ur",
    "yi",
}
_RIGHT_TO_LEFT_SCRIPTS = {"adlm", "arab", "aran", "hebr", "nkoo", "rohg", "syrc", "thaa"}

_HEADINGS = {
    "ar": ("الفصل {}", "المحتويات"),
    "cs": ("Kapitola {}", "Obsah"),
    "da": ("Kapitel {}", "Indhold"),
    "de": ("Kapitel {}", "Inhalt"),
    "el": ("Κεφάλαιο {}", "Περιεχόμενα"),
    "en": ("Chapter {}", "Contents"),
    "es": ("Capítulo {}", "Índice"),
    "fa": ("فصل {}", "فهرست"),
    "fi": ("Luku {}", "Sisällys"),
    "fr": ("Chapitre {}", "Table des matières"),
    "he": ("פרק {}", "תוכן העניינים"),
    "hi": ("अध्याय {}", "विषय-सूची"),
    "hu": ("{}. fejezet", "Tartalom"),
    "id": ("Bab {}", "Daftar Isi"),
    "it": ("Capitolo {}", "Indice"),
    "ja": ("第{}章", "目次"),
    "ko": ("제{}장", "차례"),
    "nb": ("Kapittel {}", "Innhold"),
    "nl": ("Hoofdstuk {}", "Inhoud"),
    "no": ("Kapittel {}", "Innhold"),
    "pl": ("Rozdział {}", "Spis treści"),
    "pt": ("Capítulo {}", "Índice"),
    "ro": ("Capitolul {}", "Cuprins"),
    "ru": ("Глава {}", "Содержание"),
    "sv": ("Kapitel {}", "Innehåll"),
    "tr": ("Bölüm {}", "İçindekiler"),
    "uk": ("Розділ {}", "Зміст"),
    "vi": ("Chương {}", "Mục lục"),
    "zh": ("第{}章", "目录"),
}


@dataclass(frozen=True)
class Language:
    """A book's language.

    Args:
        tag: A well-formed BCP 47 tag, for example `en`, `pt-BR`, `zh-Hant`.

    Raises:
        ConfigError: The tag is not well-formed.
    """

    tag: str

    def __post_init__(self) -> None:
        if not _TAG.fullmatch(self.tag):
            raise ConfigError(
                f"[novel] language is {self.tag!r}, which is no BCP 47 language tag.",
                fix='Use a tag such as "en", "de", "pt-BR" or "zh-Hant".',
            )

    @property
    def primary(self) -> str:
        """The language alone, in lower case, without script or region."""
        return self.tag.lower().partition("-")[0]

    @property
    def right_to_left(self) -> bool:
        """Whether lines and pages run from right to left."""
        script = next((s for s in self.tag.lower().split("-")[1:3] if len(s) == 4), "")
        if script.isalpha():
            return script in _RIGHT_TO_LEFT_SCRIPTS
        return self.primary in _RIGHT_TO_LEFT

    @property
    def contents(self) -> str:
        """What the table of contents is headed; English where we do not know the word."""
        return _HEADINGS.get(self.primary, _HEADINGS["en"])[1]

    def chapter(self, number: int, title: str) -> str:
        """A chapter's heading: "Chapter 3: The Reply", or the number alone without a title.

        Where we do not know the language's word for a chapter, the number stands without it.
        A title that already says "Chapter 3" does not say it twice.
        """
        label = _HEADINGS.get(self.primary, ("{}", ""))[0].format(number)
        title = re.sub(rf"\A{re.escape(label)}(?!\w)[\s:.–—-]*", "", title, flags=re.IGNORECASE)
        return f"{label}: {title}" if title else label
