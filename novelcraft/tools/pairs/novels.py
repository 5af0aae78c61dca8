"""What a person preferred, found in the chain of a novel.

A scene that a person had drawn again, or put words of their own in the place of, stays in the
store beside the one that took its place: both have the same parent, and the old one is on no
branch any more. Which scenes a person sent back at a gate is in the journal.

Prompts are those of the rejected scene. The wish that a person told with a redraw is in the new
scene's prompt alone: the narrator is to learn to write so without being told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypedDict

from novelcraft.state.calls import Message
from novelcraft.state.events import Decided
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.preferences import PreferencePair
from novelcraft.state.rows import SkippedRow
from novelcraft.tools.books.rows.chat_template import with_plan
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.pairs.draws import PERSON, Draw, Draws

NAME = 8
"""Digits of a hash that name a novel or a commit."""


class _Origin(TypedDict):
    work: str
    group: str
    scene: str
    messages: tuple[Message, ...]
    template_hash: str


@dataclass
class Found:
    """What a search came to."""

    pairs: list[PreferencePair] = field(default_factory=list)
    left_out: list[SkippedRow] = field(default_factory=list)


def find_preferences(store: ManuscriptStore, *, checks: bool = False) -> Found:
    """Pairs of a novel, in the order of its scenes.

    Args:
        store: The novel's.
        checks: Whether to take drafts that the checks sent back as rejected, too.
    """
    search = _Search(store)
    found = Found()
    for commit in search.commits:
        search.add_rejected(commit, found)
        if checks:
            found.pairs += search.sent_back(commit)
    return found


class _Search:
    """A novel's commits, by what became of them."""

    def __init__(self, store: ManuscriptStore) -> None:
        self.commits = store.all_commits()
        self._rivals: defaultdict[tuple[str | None, str], list[SceneCommit]] = defaultdict(list)
        for commit in self.commits:
            self._rivals[commit.parent, commit.scene_id].append(commit)
        self._novel = store.novel_id[:NAME]
        self._draws = Draws(store)
        self._branches = {
            branch.name: set(store.commit_ids(branch.head))
            for branch in store.branches()
            if not branch.put_aside
        }
        self._live = set().union(*self._branches.values())
        decided = [e.event for e in store.events("decided") if isinstance(e.event, Decided)]
        # A gate that was asked twice counts as it was answered last.
        self._actions = {event.commit: event.action for event in decided if event.gate == "scene"}

    def add_rejected(self, commit: SceneCommit, found: Found) -> None:
        """Add a scene of the narrator's that a person rejected, with the one in its place."""
        if commit.provenance.role == PERSON or commit.id in self._live:
            return
        if self._actions.get(commit.id) != "redraw" and not self._siblings(commit):
            return
        draw = self._draws.of(commit)
        if draw is None:
            found.left_out.append(_left_out(commit, "its prompt is not in the log of calls"))
        elif not draw.follows(commit.parent):
            reason = "it was drawn for another beginning than the one that stands before it now"
            found.left_out.append(_left_out(commit, reason))
        elif better := self._instead(commit, draw):
            found.pairs.append(self._pair(better, commit, draw))
        else:
            found.left_out.append(_left_out(commit, "no scene stands in its place"))

    def sent_back(self, commit: SceneCommit) -> Iterator[PreferencePair]:
        """Pairs of a scene that passed its checks, and the drafts before it that did not."""
        draw = self._draws.of(commit)
        if draw is None or commit.accepted_by != "checks" or not draw.follows(commit.parent):
            return
        for draft in self._draws.before(draw):
            if draft.text.strip() != commit.prose.strip():
                yield PreferencePair(
                    pair_id=f"{self._name(commit)}/attempt-{draft.attempt}",
                    source="checks",
                    chosen=with_plan(draw.plan, commit.prose),
                    rejected=with_plan(draft.plan, draft.text),
                    chosen_by=draw.writer,
                    rejected_by=draft.writer,
                    **self._origin(commit, draft),
                )

    def _siblings(self, commit: SceneCommit) -> list[SceneCommit]:
        """Scenes of the same place in the book, after the same beginning, that stand now."""
        return [
            other
            for other in self._rivals[commit.parent, commit.scene_id]
            if other.id in self._live and other.prose.strip() != commit.prose.strip()
        ]

    def _instead(self, commit: SceneCommit, draw: Draw) -> SceneCommit | None:
        """The scene that took the place of one: on the branch that it was drawn for."""
        here = self._branches.get(draw.step.branch, set())
        return next((other for other in self._siblings(commit) if other.id in here), None)

    def _pair(self, better: SceneCommit, worse: SceneCommit, draw: Draw) -> PreferencePair:
        other = self._draws.of(better)
        # A person's own words are put after the plan that the narrator had.
        plan = other.plan if other else draw.plan
        return PreferencePair(
            pair_id=self._name(worse),
            source="person",
            chosen=with_plan(plan, better.prose),
            rejected=with_plan(draw.plan, worse.prose),
            chosen_by=other.writer if other else PERSON,
            rejected_by=draw.writer,
            **self._origin(worse, draw),
        )

    def _origin(self, commit: SceneCommit, draw: Draw) -> _Origin:
        return {
            "work": self._novel,
            "group": f"{self._novel}/{commit.chapter_id}",
            "scene": commit.id,
            "messages": draw.messages,
            "template_hash": commit.provenance.template_hash,
        }

    def _name(self, commit: SceneCommit) -> str:
        return f"{self._novel}/{commit.scene_id}/{commit.id[:NAME]}"


def _left_out(commit: SceneCommit, reason: str) -> SkippedRow:
    return SkippedRow(row_id=f"{commit.scene_id}/{commit.id[:NAME]}", reason=reason)
