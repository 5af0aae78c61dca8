"""Numbers as books write them: `IV`, `4`, `Four`, `the Fourth`."""

from __future__ import annotations

import re

_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,4})(?:xc|xl|l?x{0,4})(?:ix|iv|v?i{0,4})")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_ONES = [
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
]
_ORDINALS = [
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
    *("seventeenth", "eighteenth", "nineteenth"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {
    **{word: n for n, word in enumerate(_ONES, start=1)},
    **{word: n for n, word in enumerate(_ORDINALS, start=1)},
    **{word: 10 * n for n, word in enumerate(_TENS, start=2)},
    **{f"{word[:-1]}ieth": 10 * n for n, word in enumerate(_TENS, start=2)},
}
_UNITS = "|".join([*_ONES[:9], *_ORDINALS[:9]])
_PLAIN = "|".join(sorted(_WORDS, key=len, reverse=True))

NUMBER = (
    rf"(?:\d{{1,3}}(?:st|nd|rd|th)?|(?:{'|'.join(_TENS)})[- ](?:{_UNITS})|(?:{_PLAIN})"
    rf"|[ivxlcdm]{{1,8}})(?!\w)"
)
"""A regular expression for a number in any of these forms; to be used without regard to case."""
ORDINAL = (
    rf"(?:(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_ORDINALS[:9])})|{'|'.join(reversed(_ORDINALS))}"
    rf"|{'|'.join(f'{word[:-1]}ieth' for word in _TENS)})"
)
"""The same for an ordinal in words."""


def number_of(text: str) -> int | None:
    """The number that a text says, None when it says none."""
    text = text.strip().lower()
    if match := re.fullmatch(r"(\d{1,3})(?:st|nd|rd|th)?", text):
        return int(match[1])
    if text and _ROMAN.fullmatch(text):
        return _roman(text)
    parts = re.split(r"[- ]", text)
    if all(part in _WORDS for part in parts) and len(parts) <= 2:
        return sum(_WORDS[part] for part in parts)
    return None


def _roman(text: str) -> int:
    values = [_VALUES[letter] for letter in text]
    following = [*values[1:], 0]
    return sum(-v if v < after else v for v, after in zip(values, following, strict=True))
