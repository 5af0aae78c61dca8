"""The fake models' tokenizer: short runs of letters with the space before them, and single marks.

English prose comes to about 1.3 tokens a word, as with a real vocabulary.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

_PIECE = re.compile(r" ?[^\W_]{1,7}|[\W_]")
_MESSAGE_OVERHEAD = 4


def pieces(text: str) -> list[str]:
    """Cut a text into tokens; joined again they are the text."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    return len(pieces(text))


def ids(text: str) -> list[int]:
    """Token ids: the same piece has the same id."""
    return [zlib.crc32(piece.encode()) % 49_152 for piece in pieces(text)]


def count_messages(messages: list[dict[str, Any]]) -> int:
    """Tokens of a chat prompt, template marks included."""
    return sum(_MESSAGE_OVERHEAD + count(str(m.get("content") or "")) for m in messages)


def cut(text: str, limit: int) -> str:
    """The first `limit` tokens of a text."""
    return "".join(pieces(text)[:limit])
