"""The one place that keeps keys out of what comes from outside.

Whatever a server says passes through here before anybody sees it: answers on their way into the
log and the prose, lists of models, the words of an error.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Iterable
from urllib.parse import quote

from novelcraft.errors import AuthenticationError

HIDDEN = "[hidden key]"
"""What stands in a secret's place."""
LEAST_CHARS = 8
"""Shorter values are no secrets: `none`, `EMPTY` and `ollama` are words, too."""
_PRINTABLE = set(string.ascii_letters + string.digits + string.punctuation)


class Secrets:
    """Values that must not be shown.

    Args:
        values: The keys and passwords; also found where they are quoted for a URL or in base64.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: list[str] = []
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        """Hide further values from now on."""
        spellings = {s for v in values if len(v) >= LEAST_CHARS for s in _spellings(v)}
        # The longer first, so that no part of one is left behind another.
        self._values = sorted(spellings.union(self._values), key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text without any of the values."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return text

    def cause(self, error: BaseException) -> BaseException | None:
        """What an error may name as its cause: itself, or nothing where it holds a secret."""
        seen: BaseException | None = error
        while seen is not None:
            said = f"{seen!s} {seen!r} {getattr(seen, 'body', '')}"
            if self.hide(said) != said:
                return None
            seen = seen.__cause__ or seen.__context__
        return error

    def begun(self, text: str) -> int:
        """Length of the end of a text that may be the beginning of a value."""
        return max((_overlap(text, value) for value in self._values), default=0)


class HiddenStream:
    """Hides secrets in a text that comes in pieces, wherever it was cut."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._held = ""

    def add(self, piece: str) -> str:
        """The piece without secrets; an end that may be the beginning of one is held back."""
        text = self._secrets.hide(self._held + piece)
        held = self._secrets.begun(text)
        cut = len(text) - held
        self._held = text[cut:]
        return text[:cut]

    def finish(self) -> str:
        """What was held back."""
        held, self._held = self._held, ""
        return held


def clean_key(variable: str, value: str) -> str:
    """A key as a header can carry it: without the blanks and line ends around it.

    Raises:
        AuthenticationError: There is a character inside that no header can carry. The key itself
            is not shown.
    """
    key = value.strip()
    bad = next((n for n, char in enumerate(key, 1) if char not in _PRINTABLE), 0)
    if bad:
        raise AuthenticationError(
            f"The key in {variable} cannot be sent: character {bad} of {len(key)} is a blank, a "
            "line end or a letter outside of ASCII.",
            fix=f"Copy the key again, without quotes or line ends, and set {variable} to it.",
        )
    return key


def _spellings(value: str) -> set[str]:
    encoded = base64.b64encode(value.encode()).decode()
    return {value, quote(value, safe=""), encoded}


def _overlap(text: str, value: str) -> int:
    longest = min(len(text), len(value) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(value[:n])), 0)
