"""The manuscript: an immutable chain of scene commits, the drafts before them, the branches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal, Self, TypedDict

from pydantic import (
    Field,
    model_validator,
)

from novelcraft.state.base import Frozen, content_hash
from novelcraft.state.findings import Finding
from novelcraft.state.layout import LayoutNote

AcceptedBy = Literal["checks", "cap", "person"]
"""Who let a scene in: its checks; the cap on attempts, with findings left; a person."""

_NO_BLANKS = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))
"""Thai, Lao, Burmese and Khmer put no blank between words: of those, what stands between marks is
as many pieces as there are words, or nearly."""


def _marks() -> str:
    """The signs that stand on or beside a letter and belong to its word, for a character class."""
    return "".join(
        chr(code)
        for code in range(0x0300, 0x10000)
        if unicodedata.category(chr(code))[0] == "M"
        and not any(first <= code <= last for first, last in _NO_BLANKS)
    )


_MARK = f"[{_marks()}\u200c\u200d]"
_HAN_OR_KANA = (
    r"\u3005\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)


def _word(letter: str) -> str:
    """A word of such letters: with marks, and with apostrophes and hyphens between them."""
    return rf"{letter}+(?:{_MARK}+{letter}*|['’\-]{letter}+)*"


WORD = re.compile(_word(r"[^\W_]"))
"""A run of letters and digits: a word wherever words have blanks between them, and in Chinese and
Japanese a stretch between two stops."""

_COUNTED = re.compile(f"[{_HAN_OR_KANA}]|" + _word(rf"[^\W_{_HAN_OR_KANA}]"))


def count_words(text: str) -> int:
    """Words in a text: runs of letters and digits, and in Chinese and Japanese the characters."""
    return len(_COUNTED.findall(text))


def _is_empty(value: Any) -> bool:
    """Left out of a dump, so that a record of before the field has the hash that it had."""
    return not value


class Fact(Frozen):
    """Something a scene made true, as of the commit that adds it."""

    subject: str
    """Whom or what it is about: a name as it stands in the cast or among the places."""
    statement: str
    quote: str = ""
    """The words of the scene that show it, verbatim; empty when the model gave none that match."""


class PromptSection(Frozen):
    """One part of an assembled prompt, with what it was allowed and what it took."""

    name: str
    tokens: int
    budget: int
    trimmed: int = 0
    """Tokens that were cut to fit the budget."""
    cut: tuple[str, ...] = Field(default=(), exclude_if=_is_empty)
    """How what was cut begins, the most worthy first; not all of it where it is much."""


class Provenance(Frozen):
    """Where a scene's prose came from, to the last token."""

    role: str = "narrator"
    model: str
    adapter: str = ""
    prompt_hash: str
    template_hash: str
    sampling: dict[str, Any]
    seed: int
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str
    """As the server gave it; `length_reached` where we ended it at a whole sentence, `too_long`
    where we had to end it without one, `only_thought` where no answer came of it."""
    attempt: int = Field(ge=1)
    calls: tuple[str, ...]
    """Keys of the model calls that made the prose, in order."""
    sections: tuple[PromptSection, ...] = ()
    pace: float = Field(default=0.0, exclude_if=_is_empty)
    """Words of the narrator's first answer for each that it was asked for; 0 where not known."""
    layout: LayoutNote | None = Field(default=None, exclude_if=_is_empty)
    """That the prompt was laid out in; None in a scene of before there were layouts."""


class SceneCommit(Frozen):
    """One accepted scene. Its id is the hash of its content, so writing it twice is harmless."""

    id: str = ""
    parent: str | None
    position: int = Field(ge=1)
    """Place in the chain, counted from 1."""
    scene_id: str
    chapter_id: str
    plan_version: int
    prose: str
    summary: str
    """The rolling summary after this scene: what the next one starts from."""
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    accepted_by: AcceptedBy
    provenance: Provenance
    stale: tuple[str, ...] = ()
    """Why this scene may no longer fit what comes before it, after an edit; empty when it does."""
    words: int = Field(default=-1, exclude=True)
    """Words of prose. Counted when the commit is made; no part of its content."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.words < 0:
            object.__setattr__(self, "words", count_words(self.prose))
        if not self.id:
            payload = self.model_dump(mode="json", exclude={"id"})
            object.__setattr__(self, "id", content_hash(payload))
            self.__pydantic_fields_set__.add("id")
        return self


class Draft(Frozen):
    """A narrated scene that has not been accepted yet, and what its reviewers said.

    Kept in the store, because the graph's state carries only its id.
    """

    id: str
    """`branch/parent/scene/draw/attempt`, so that a node that runs again finds its own draft."""
    branch: str
    parent: str | None
    scene_id: str
    attempt: int = Field(ge=1)
    prose: str
    provenance: Provenance
    findings: tuple[Finding, ...] | None = None
    """From the deterministic checks; None while they have not run."""
    continuity: tuple[Finding, ...] | None = None
    """From the continuity agent; None while it has not run."""
    summary: str | None = None
    facts: tuple[Fact, ...] | None = None

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Findings of all reviewers that have run."""
        return (self.findings or ()) + (self.continuity or ())


class Reviews(TypedDict, total=False):
    """What the reviewers of a draft may say: a field of `Draft` for each of them."""

    findings: Sequence[Finding]
    continuity: Sequence[Finding]
    summary: str
    facts: Sequence[Fact]


class Branch(Frozen):
    """A name for a head in the chain."""

    name: str
    head: str | None
    plan_version: int | None
    forked_from: str | None = None
    """The commit at which it left another branch."""

    @property
    def put_aside(self) -> bool:
        """Whether it only keeps what a revision of another branch took the place of."""
        return "@" in self.name and self.head == self.forked_from
