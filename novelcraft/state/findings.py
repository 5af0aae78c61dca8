"""What a check or a reader found in a draft."""

from __future__ import annotations

from typing import Literal

from novelcraft.state.base import Frozen, content_hash

Severity = Literal["block", "warn", "report"]


class Finding(Frozen):
    """One thing found, with the words that show it."""

    check: str
    """Name of the check, for example `prose.cut_off`."""
    severity: Severity
    message: str
    evidence: tuple[str, ...] = ()
    """Quotes from the draft, verbatim."""
    constraint: str = ""
    """What a redraft is told, as an instruction to the narrator; empty when nothing helps."""
    about: str = ""
    """What the finding is keyed to for exemptions: a character, a fact, a hook."""

    @property
    def key(self) -> str:
        """The key under which a person can exempt this finding as intended."""
        return f"{self.check}:{self.about or content_hash(list(self.evidence))[:12]}"


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that keep a draft from being accepted by its checks."""
    return tuple(f for f in findings if f.severity == "block")
