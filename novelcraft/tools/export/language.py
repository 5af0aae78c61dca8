"""What a book needs to know about its language: tag, direction, and the words on its headings."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    """A book's language."""

    tag: str
    """A well-formed BCP 47 tag, for example `en`, `pt-BR`, `zh-Hant`; see `language_tag`."""

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
