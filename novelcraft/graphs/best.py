"""The fixed rule by which the better of several drafts is kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.state.findings import blocking
from novelcraft.state.manuscript import Draft, count_words
from novelcraft.tools.checks import unfit


def best_draft(drafts: Sequence[Draft], target_words: int) -> Draft:
    """The draft with the fewest blocking findings, among those that are scenes at all.

    Ties go to the fewest findings of all, then to the length nearest to the target, then to
    the earliest attempt.
    """

    def rank(draft: Draft) -> tuple[bool, int, int, int, int]:
        findings = draft.all_findings
        distance = abs(count_words(draft.prose) - target_words)
        no_scene = bool(unfit(findings))
        return no_scene, len(blocking(findings)), len(findings), distance, draft.attempt

    return min(drafts, key=rank)
