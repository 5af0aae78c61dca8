"""Think blocks, told apart from the answer whether or not the server does it.

Servers with a reasoning parser send the block in a field of its own. Others leave it in the
content, between tags; where the chat template already ends in the opening tag, the content has
only the closing one.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN = "<think>"
CLOSE = "</think>"


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
        self._reasoning = ""
        self._opened = opened

    def add(self, content: str) -> str:
        """Take a piece of the content.

        Returns:
            The answer so far, without blanks before it. A piece that may be the beginning of a
            tag is held back.
        """
        self._content += content
        return self._parts(final=False).answer

    def add_reasoning(self, text: str) -> None:
        """Take a piece that the server has told apart itself."""
        self._reasoning += text
        if text:
            self._opened = False

    def finish(self) -> Split:
        """The whole reply, taken apart."""
        return self._parts(final=True)

    def _parts(self, *, final: bool) -> Split:
        if self._carried_on:
            return Split(self._reasoning.strip(), self._content, True)
        before, closed, after = self._content.partition(CLOSE)
        if closed:
            return Split(self._thought(before), after.lstrip(), True)
        begun = self._content.lstrip()
        if self._opened or begun.startswith(OPEN):
            return Split(self._thought(begun), "", False)
        if not final:
            begun = "" if OPEN.startswith(begun) else _without_half_tag(begun)
        return Split(self._reasoning.strip(), begun, bool(begun.strip() or not self._reasoning))

    def _thought(self, block: str) -> str:
        inside = block.strip().removeprefix(OPEN).strip()
        return "\n".join(part for part in (self._reasoning.strip(), inside) if part)


def _without_half_tag(text: str) -> str:
    """The text without the beginning of a closing tag at its end."""
    for length in range(min(len(CLOSE) - 1, len(text)), 0, -1):
        if CLOSE.startswith(text[-length:]):
            return text[:-length]
    return text
