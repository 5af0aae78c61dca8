"""Think blocks, told apart from the answer whether or not the server does it.

Servers with a reasoning parser send the block in a field of its own. Others leave it in the
content, between tags; where the chat template already ends in the opening tag, the content has
only the closing one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OPEN = "<think>"
CLOSE = "</think>"
_OPENING = (OPEN, "[THINK]", "<|channel|>analysis<|message|>")
_CLOSING = (CLOSE, "[/THINK]", "<|channel|>final<|message|>")
"""The tags of most models, of Mistral's, and of gpt-oss."""
_ENDING = ("<|end|>", "<|start|>assistant")
"""What gpt-oss puts between the two."""
_LONGEST = max(map(len, _CLOSING))
_BEGIN = re.compile("[" + re.escape("".join({tag[0] for tag in _CLOSING})) + "]")


@dataclass(frozen=True)
class Split:
    """A reply, taken apart."""

    thinking: str
    answer: str
    complete: bool
    """False when the reply ended inside its think block."""


def split_thinking(content: str, reasoning: str = "", *, opened: bool = False) -> Split:
    """Take the think block out of a whole reply.

    Args:
        content: The reply's content.
        reasoning: What the server put into a field of its own; empty when it does not.
        opened: Whether the prompt ended in the opening tag, so that a content without any tag
            is a think block that was cut off.
    """
    filter_ = ThinkFilter(opened=opened)
    filter_.add_reasoning(reasoning)
    filter_.add(content)
    return filter_.finish()


class ThinkFilter:
    """Takes the think block out of a reply while it streams.

    Args:
        opened: Whether the prompt ended in the opening tag. When it did not, and yet a closing
            tag comes without an opening one, what came before it counts as thinking; a stream's
            reader has seen it as answer until then.
        carried_on: Whether the reply carries on a completion that was given: then it is all
            answer, to the first blank.
    """

    def __init__(self, *, opened: bool = False, carried_on: bool = False) -> None:
        self._carried_on = carried_on
        self._content = ""
        """What came, without blanks before it; after the block, what came since."""
        self._block: str | None = None
        """The content up to the block's end, once that is there."""
        self._reasoning: list[str] = []
        self._opened = opened
        self._searched = 0

    @property
    def thought(self) -> bool:
        """Whether there was a think block so far."""
        return bool(self._reasoning or self._block is not None or self._begins(self._content))

    @property
    def unopened(self) -> bool:
        """Whether the block had an end and no beginning: the chat template had opened it."""
        return self._block is not None and not self._reasoning and not self._begins(self._block)

    def add(self, content: str) -> str:
        """Take a piece of the content. What came before it is not searched again.

        Returns:
            The answer so far, without blanks before it. A piece that may be the beginning of a
            tag is held back.
        """
        if not self._carried_on and not self._content:
            content = content.lstrip()
        self._content += content
        self._find_end()
        if self._carried_on or self._block is not None:
            return self._content
        if self._unfinished():
            return ""
        half = any(tag.startswith(self._content) for tag in _OPENING)
        return "" if half else _without_half_tag(self._content)

    def add_reasoning(self, text: str) -> None:
        """Take a piece that the server has told apart itself."""
        if text:
            self._reasoning.append(text)
            self._opened = False

    def finish(self) -> Split:
        """The whole reply, taken apart."""
        if self._carried_on:
            return Split(self._thought(""), self._content, True)
        if self._block is not None:
            return Split(self._thought(self._block), self._content, True)
        if self._unfinished():
            return Split(self._thought(self._content), "", False)
        complete = bool(self._content or not self._reasoning)
        return Split(self._thought(""), self._content, complete)

    def _unfinished(self) -> bool:
        """Whether all content so far is a think block that goes on."""
        return self._opened or self._begins(self._content)

    @staticmethod
    def _begins(content: str) -> bool:
        return content.startswith(_OPENING)

    def _find_end(self) -> None:
        """Look for the end of the block in what is new."""
        if self._carried_on or self._block is not None:
            return
        found = (self._content.find(tag, self._searched) for tag in _CLOSING)
        ends = [(n, n + len(t)) for n, t in zip(found, _CLOSING, strict=True) if n >= 0]
        if ends:
            start, end = min(ends)
            self._block, self._content = self._content[:start], self._content[end:].lstrip()
        self._searched = max(0, len(self._content) - _LONGEST)

    def _thought(self, block: str) -> str:
        inside = block.strip()
        for tag in _OPENING:
            inside = inside.removeprefix(tag)
        for tag in reversed(_ENDING):
            inside = inside.strip().removesuffix(tag)
        parts = ("".join(self._reasoning).strip(), inside.strip())
        return "\n".join(part for part in parts if part)


def _without_half_tag(text: str) -> str:
    """The text without the beginning of a closing tag at its end."""
    for begin in _BEGIN.finditer(text, max(0, len(text) - _LONGEST + 1)):
        if any(tag.startswith(text[begin.start() :]) for tag in _CLOSING):
            return text[: begin.start()]
    return text
