"""What is found out about a model by asking it, beyond what its server lists."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

_KEPT = ("messages", "model", "response_format", "grammar", "max_tokens", "max_completion_tokens")
"""Fields without which the answer would be another."""
_REFUSES = re.compile(
    r"unsupported|not support|does not (?:accept|allow)|unknown|unrecogni[sz]ed|unexpected|extra"
    r"|not permitted|not allowed|invalid|no such|deprecated",
    re.IGNORECASE,
)
_RENAME = re.compile(r"use\W+['\"`]?max_completion_tokens", re.IGNORECASE)
_CONTEXT = re.compile(
    r"(?:context (?:length|size|window|limit)\D{0,40}?|> )(?P<context>\d{3,})(?!\d*\s*[+>-])",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"max\w*_tokens.{0,200}?(?:at most|at maximum|less than or equal to|no more than|up to|"
    r"in (?:the )?range (?:of )?\W*\d+\W+(?:to|and)?|must be <=|\[\d+,)\W*(?P<most>\d[\d,]*)"
    r"|max\w*_tokens\W+\d+\s*>\s*(?P<most_>\d[\d,]*)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass
class Learned:
    """What a model takes and does. Lives as long as the run, and is filled by its answers."""

    dropped: set[str] = field(default_factory=set)
    """Fields that it refuses, and that are not sent again."""
    completion_tokens: bool = False
    """Whether the bound on its answer goes by the name of `max_completion_tokens`."""
    context: int = 0
    """Its context in tokens, of which it may say more when it refuses; 0 while nothing is known."""
    most_tokens: int = 0
    """The longest answer that it may be asked for; 0 while nothing is known."""
    thinks: bool = False
    """Whether it was seen to think, and so needs tokens for that beside the answer's."""
    opens: bool = False
    """Whether its chat template opens the think block, so that only the end has a tag."""
    cuts: bool = False
    """Whether it was seen to read less than it was sent."""

    def take(self, refusal: str, body: Mapping[str, Any]) -> str:
        """Learn from the words with which a request was refused.

        Args:
            refusal: The status and body of the answer, as text.
            body: The fields that were sent.

        Returns:
            What will be done otherwise, for a person; empty where nothing can be.
        """
        if not self.completion_tokens and _RENAME.search(refusal):
            self.completion_tokens = True
            return "wants max_completion_tokens in place of max_tokens, and gets that"
        found = _LIMIT.search(refusal)
        limit = _number(found, "most") or _number(found, "most_")
        asked = body.get("max_completion_tokens") or body.get("max_tokens") or 0
        if limit and limit < asked:
            self.most_tokens = limit
            return f"gives at most {limit:,} tokens in one answer, and is asked for no more"
        context = _number(_CONTEXT.search(refusal), "context")
        if context and (not self.context or context < self.context):
            self.context = context
            return f"has a context of {context:,} tokens, to which its answers are cut"
        name = _refused(refusal, body.keys() - self.dropped)
        if name:
            self.dropped.add(name)
            return f"refuses `{name}`, which is left out from now on"
        return ""

    def fields(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body's fields, as this model takes them."""
        if self.completion_tokens and "max_tokens" in body:
            body = {"max_completion_tokens": body["max_tokens"], **body}
            del body["max_tokens"]
        return {name: value for name, value in body.items() if name not in self.dropped}


def _number(found: re.Match[str] | None, group: str) -> int:
    digits = found[group] if found else None
    return int(digits.replace(",", "")) if digits else 0


def _refused(refusal: str, names: Collection[str]) -> str:
    """The field that a refusal names, by its `param`, its place in `detail`, or in its words."""
    if not _REFUSES.search(refusal):
        return ""
    optional = sorted(set(names) - set(_KEPT), key=len, reverse=True)
    marked = (name for name in optional if _is_marked(name, refusal))
    return next(marked, "")


def _is_marked(name: str, refusal: str) -> bool:
    """Whether a name stands in quotes, or is the value of a field or item of its own."""
    return bool(re.search(rf"""['"`\\]{re.escape(name)}(?:\.\w+)?['"`\\]|\b{name}\b:""", refusal))


def words_of(body: Any) -> str:
    """What the body of an error says, in one line: its message, or its details, or all of it."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(error, Mapping):
        told = error.get("message") or error.get("detail") or error.get("error") or error
        if isinstance(told, list):
            return "; ".join(map(_detail, told))
        return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    return str(error if error is not None else "")


def _detail(item: Any) -> str:
    """One of the faults that servers on FastAPI list for a request."""
    if not isinstance(item, Mapping):
        return str(item)
    where = ".".join(str(part) for part in item.get("loc") or ())
    return f"{where}: {item.get('msg')}" if where else str(item.get("msg") or item)
