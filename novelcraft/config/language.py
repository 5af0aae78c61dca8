"""The tag of a book's language."""

from __future__ import annotations

import re

_TAG = re.compile(
    r"""
    [a-z]{2,3} (?:-[a-z]{3}){0,3}                          # language, extended language
    (?: -[a-z]{4} )?                                       # script
    (?: -(?:[a-z]{2}|\d{3}) )?                             # region
    (?: -(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}) )*                # variants
    (?: -[0-9a-wy-z](?:-[a-z0-9]{2,8})+ )*                 # extensions
    (?: -x(?:-[a-z0-9]{1,8})+ )?                           # private use
    | x(?:-[a-z0-9]{1,8})+
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""BCP 47 (RFC 5646, section 2.1) without the 26 grandfathered tags, which are all deprecated, and
without languages of four to eight letters, of which none is registered: `French` is no tag."""

_LOCALE = re.compile(r"\A(\w+?)(?:\.[\w-]+)?(?:@\w+)?\Z")
"""A locale of POSIX, `fr_FR.UTF-8@euro`: language and region, then what is no part of a tag."""


def language_tag(text: str) -> str:
    """A language as a BCP 47 tag; a locale such as `fr_FR.UTF-8` becomes one.

    Raises:
        ValueError: It is no tag. The message says what is.
    """
    tag = text.strip()
    locale = _LOCALE.match(tag)
    if locale:
        tag = locale[1].replace("_", "-")
    if not _TAG.fullmatch(tag):
        raise ValueError('must be a BCP 47 language tag, such as "en", "de", "pt-BR" or "zh-Hant"')
    return tag
