"""What checks are: their records, what those of a scene are given, and how they quote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeVar

from novelcraft.config.presets import SizePreset
from novelcraft.state.findings import Finding, Severity
from novelcraft.state.plan import Character, Plan, SceneBrief
from novelcraft.tools.metrics import Prose

if TYPE_CHECKING:
    from novelcraft.tools.canon.embedders import Embedder

EVIDENCE = 3
"""Quotes that a finding carries at most."""

QUOTE_CHARS = 160
"""Characters of a quote at most."""

_SENTENCE_READ = 600
"""Characters of a sentence that are compared with patterns."""

Given = TypeVar("Given")


@dataclass(frozen=True)
class CheckInput:
    """A draft of a scene, and what is known before it."""

    prose: str
    finish_reason: str
    """Why the narrator stopped, as in its provenance."""
    brief: SceneBrief
    plan: Plan
    preset: SizePreset
    target_words: int
    prompt: str
    """The text of the prompt that the draft came from; empty when a person wrote it."""
    earlier: Sequence[str]
    """The prose of the scenes before, oldest first."""
    embedder: Embedder | None = None
    """For checks that read meaning; without it they find nothing."""

    @cached_property
    def text(self) -> Prose:
        """The draft, cut into its pieces once for all checks."""
        return Prose(self.prose)

    @cached_property
    def earlier_lines(self) -> tuple[str, ...]:
        """The scenes before, each as one line with single blanks."""
        return tuple(" ".join(prose.split()) for prose in self.earlier)

    @property
    def english(self) -> bool:
        """Whether rules that only hold for English apply."""
        return self.plan.language.lower().startswith("en")

    @property
    def pov(self) -> Character:
        """The point-of-view character."""
        return self.plan.character(self.brief.pov)


@dataclass(frozen=True)
class Flaw:
    """What a check found. What that means for the draft is for the check's record to say."""

    message: str
    evidence: tuple[str, ...] = ()
    """Quotes from the draft, verbatim."""
    constraint: str = ""
    """What a redraft is told, as an instruction to the narrator."""
    about: str = ""
    """What the finding is keyed to for exemptions; empty: the evidence."""


Need = Literal["english", "earlier", "prompt"]
"""What a check cannot do without: an English book, scenes before, the prompt of the draft."""


@dataclass(frozen=True)
class Record:
    """What a check is called, and what its finding does."""

    name: str
    """As findings name it: `prose.cut_off`."""
    severity: Severity
    """`block` sends a draft or a plan back."""

    def finding(self, flaw: Flaw) -> Finding:
        """What the check found, as a finding of this check."""
        return Finding(
            check=self.name,
            severity=self.severity,
            message=flaw.message,
            evidence=flaw.evidence,
            constraint=flaw.constraint,
            about=flaw.about,
        )


@dataclass(frozen=True)
class Rule(Record, Generic[Given]):
    """A check of a plan, a summary or a book: it reads ids, counts and names, and may find much."""

    run: Callable[[Given], Iterable[Flaw]]

    def __call__(self, given: Given) -> Iterator[Finding]:
        """The findings of this check."""
        return map(self.finding, self.run(given))


class Measured(NamedTuple):
    """What `benchmarks.checks_on_books` found of a check, on published novels.

    Of `prose.talk`, what `benchmarks.talk` found on drafts and novels that it was not fitted on.
    """

    recall: float
    """Share of the seeded faults that it finds and quotes, 0 to 1."""
    precision: float
    """Share of its findings that are seeded faults, 0 to 1."""
    clean: float
    """Findings in 1,000 scenes as they were published."""


@dataclass(frozen=True)
class Check(Record):
    """A check of a scene."""

    run: Callable[[CheckInput], Flaw | None]
    measured: Measured
    needs: tuple[Need, ...] = ()
    unfit: bool = False
    """Whether a draft in which it finds something is no scene at all, and is never committed."""

    def applies(self, scene: CheckInput) -> bool:
        """Whether the scene comes with what the check needs."""
        there = {
            "english": scene.english,
            "earlier": bool(scene.earlier),
            "prompt": bool(scene.prompt),
        }
        return all(there[need] for need in self.needs)

    def __call__(self, scene: CheckInput) -> Finding | None:
        """The finding of this check; None where it finds nothing, or does not apply."""
        flaw = self.run(scene) if self.applies(scene) else None
        return None if flaw is None else self.finding(flaw)


def quote(text: str, *, end: bool = False) -> str:
    """The first part of a text, or its last, short enough for evidence, cut between words."""
    text = text.strip()
    if len(text) <= QUOTE_CHARS:
        return text
    if end:
        part = text[-QUOTE_CHARS:]
        return part[part.find(" ") + 1 :]
    part = text[:QUOTE_CHARS]
    return part[: part.rfind(" ")] if " " in part else part


def says(pattern: re.Pattern[str], sentence: str) -> bool:
    """Whether a sentence says what the pattern matches, whatever its apostrophes and emphasis.

    Of a sentence that runs on without end only the beginning is read: these patterns try
    one part after the other, and would take hours.
    """
    return pattern.search(sentence[:_SENTENCE_READ].replace("’", "'").lstrip("*_ ")) is not None


def evidence(texts: Iterable[str]) -> tuple[str, ...]:
    """The first few of some texts, each once, as quotes."""
    return tuple(list(dict.fromkeys(quote(t) for t in texts))[:EVIDENCE])
