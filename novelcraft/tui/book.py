"""A novel as the room shows it: read from the store, as of one moment. Pure of Textual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from novelcraft.config.settings import ROLES, RoleSettings
from novelcraft.errors import NovelcraftError
from novelcraft.present.wording import author_mark
from novelcraft.prompts.brief import named, render_brief
from novelcraft.state.acts import Act, ActRecord
from novelcraft.state.events import ActSettled, RunStarted
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import Draft, SceneCommit
from novelcraft.state.plan import Chapter, Plan, SceneBrief
from novelcraft.tools.canon.journal import Entry
from novelcraft.tools.canon.search import FoundSentence, ProseSearch
from novelcraft.tui.homes import NovelHome
from novelcraft.tui.marks import SceneState
from novelcraft.tui.origins import PERSON, origin
from novelcraft.tui.people import people
from novelcraft.tui.spent import Spent

MOST_FOUND = 100
"""Sentences that a search shows."""
_BOUNDS = ("run_started", "run_finished", "run_stopped")


@dataclass(frozen=True)
class Scene:
    """A scene of the plan, and what was written of it."""

    brief: SceneBrief
    number: int
    commit: SceneCommit | None

    @property
    def state(self) -> SceneState:
        """How it came in, and whether it still fits."""
        if self.commit is None:
            return "to come"
        if self.commit.stale:
            return "may no longer fit"
        if self.commit.accepted_by == "person":
            return "by you"
        return "kept with findings" if self.commit.accepted_by == "cap" else "written"


Place = Chapter | Scene
"""What the outline's cursor is on."""


class Version(NamedTuple):
    """One of the texts that there are of a scene."""

    id: str
    """Of a draft that is kept, or of a commit."""
    name: str
    prose: str
    findings: tuple[Finding, ...]


class Book:
    """One branch of a novel. `refresh` reads what has changed since."""

    def __init__(self, home: NovelHome, branch: str = "main") -> None:
        """Open it.

        Raises:
            NotAProjectError: Nothing was begun there.
            DamagedDatabaseError, NewerDatabaseError: Its database cannot be read.
            ConfigError: Its settings cannot be used.
        """
        self.home = home
        self.branch = branch
        self.settings = home.settings()
        self.store = home.open_store()
        self._spent = Spent(self.store)
        self.plan: Plan | None = None
        self.chain: list[SceneCommit] = []
        self.opened_at = 0
        """Number of the last event that was logged before the book was read."""
        try:
            self.opened_at = max((entry.number for entry in self.store.events(last=1)), default=0)
            self.refresh()
        except NovelcraftError:
            self.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def refresh(self) -> bool:
        """Read the branch again; whether there is anything new."""
        branch = self.store.branch(self.branch)
        plan = self.store.plan(branch.plan_version) if branch.plan_version else None
        head = self.chain[-1].id if self.chain else None
        if head == branch.head and (plan and plan.version) == (self.plan and self.plan.version):
            return False
        self.plan = plan
        self.chain = self.store.chain(branch.head)
        return True

    def pace(self, number: int) -> list[Entry]:
        """What says how fast the last run writes: its beginning, first scene and last commit.

        Args:
            number: Of an event; what came after that is left out.
        """
        run = self.store.events("run_started", branch=self.branch, last=1)
        since = run[0].number if run else 0
        first = self.store.events("scene_started", branch=self.branch, after=since, first=1)
        last = self.store.events("scene_committed", branch=self.branch, after=since, last=1)
        return [entry for entry in (*run, *first, *last) if entry.number <= number]

    @property
    def title(self) -> str:
        """The book's, or the novel's own name where there is no plan yet."""
        return self.plan.core.title if self.plan else self.home.name

    @property
    def words(self) -> int:
        """Words written."""
        return sum(commit.words for commit in self.chain)

    @property
    def words_per_page(self) -> int:
        """As `novel.toml` says."""
        return self.settings.novel.words_per_page

    @property
    def tokens(self) -> int:
        """Read and written by all calls for the novel, on all branches."""
        return sum(read + written for read, written in self._spent.by_role().values())

    @property
    def cost(self) -> float:
        """Of all calls, by the prices that the roles have now; 0 where none is set."""
        roles: dict[str, RoleSettings] = {r: getattr(self.settings.roles, r) for r in ROLES}
        if not any(role.price_in or role.price_out for role in roles.values()):
            return 0.0
        spent = self._spent.by_role()
        return sum(roles[role].cost(*spent[role]) for role in roles if role in spent)

    def changed_by_hand(self) -> list[int]:
        """Numbers of the scenes that a person changed in a file of the manuscript.

        Raises:
            ReadOnlyError, ExportError: A file cannot be read.
        """
        if not self.chain:
            return []
        return self.home.changed_by_hand(self.store, self.branch, self.settings.novel)

    def scenes(self, chapter: Chapter | None = None) -> list[Scene]:
        """The scenes of a chapter, or of the whole book."""
        if self.plan is None:
            return []
        written = {commit.scene_id: commit for commit in self.chain}
        return [
            Scene(brief, number, written.get(brief.id))
            for number, brief in enumerate(self.plan.scenes, 1)
            if chapter is None or brief.chapter == chapter.id
        ]

    def scene(self, number: int) -> Scene:
        """A scene by its number in the book, from 1."""
        return self.scenes()[number - 1]

    def prose(self, chapter: Chapter) -> str:
        """What is written of a chapter."""
        return "\n\n".join(s.commit.prose for s in self.scenes(chapter) if s.commit)

    def brief(self, scene: Scene) -> str:
        """The brief as the narrator is told it."""
        assert self.plan is not None
        lines = render_brief(named(scene.brief, self.plan), scene.brief.target_words)
        head = f"Scene {scene.number}{author_mark(self.plan, scene.brief)}"
        return "\n".join([head, "", *lines])

    def summary(self, scene: Scene) -> str:
        """The story so far before that scene."""
        before = [c for c in self.chain if c.position < scene.number]
        return before[-1].summary if before else "The story begins."

    def facts(self, scene: Scene) -> list[str]:
        """What is true before that scene, by position."""
        before = [c for c in self.chain if c.position < scene.number]
        known = self.store.facts_as_of(before[-1].id if before else None)
        return [f"{fact.subject}: {fact.statement} (scene {position})" for position, fact in known]

    def prompt(self, scene: Scene) -> str:
        """The exact prompt of a written scene, with its budget by part."""
        commit = scene.commit
        record = (
            commit and commit.provenance.calls and self.store.find_call(commit.provenance.calls[0])
        )
        if not commit or not record:
            return "There is no prompt: the scene is to come, or a person wrote it."
        bars = [_bar(s.name, s.tokens, s.budget, s.trimmed) for s in commit.provenance.sections]
        messages = [f"── {m.role} ──\n{m.content}" for m in record.messages]
        return "\n".join([*bars, "", *messages])

    def origin(self, scene: Scene, paragraph: int) -> str:
        """Where a paragraph of the scene is from, by its number from 0."""
        if scene.commit is None:
            return "The scene is to come."
        return origin(self.store, scene.commit, paragraph)

    def findings(self, scene: Scene) -> list[str]:
        """What checks and readers found in the scene, with their quotes."""
        if scene.commit is None:
            return []
        return [
            f"{f.severity:<6} {f.message}" + "".join(f"\n       “{e}”" for e in f.evidence)
            for f in scene.commit.findings
        ]

    def drafts(self, scene: Scene) -> list[Draft]:
        """The drafts of a scene that are still kept."""
        before = [c for c in self.chain if c.position < scene.number]
        return self.store.drafts(self.branch, before[-1].id if before else None, scene.brief.id)

    def versions(self, scene: Scene) -> list[Version]:
        """The texts of a scene, each once: drafts that are kept, then what stood in a book."""
        found = [
            Version(d.id, f"Draft {d.attempt}", d.prose, d.all_findings) for d in self.drafts(scene)
        ]
        for c in self.store.versions(scene.brief.id):
            by = "you" if c.provenance.role == PERSON else "the narrator"
            found.append(Version(c.id, f"Version {c.id[:8]}, by {by}", c.prose, c.findings))
        return list({version.prose.strip(): version for version in reversed(found)}.values())[::-1]

    def draft_of(self, scene_id: str, attempt: int) -> Draft | None:
        """The draft of the scene that is being written; None for a scene that is in."""
        if any(commit.scene_id == scene_id for commit in self.chain):
            return None
        parent = self.store.branch(self.branch).head
        drafts = self.store.drafts(self.branch, parent, scene_id)
        return next((d for d in reversed(drafts) if d.attempt == attempt), None)

    def acts(self) -> list[ActRecord]:
        """What was left for this branch, the newest first."""
        return self.store.acts(branch=self.branch)[::-1]

    def put(self, act: Act) -> ActRecord:
        """Leave an act; how it stands then."""
        return self.home.put(self.store, act, self.branch)

    @property
    def has_ended(self) -> bool:
        """Whether the last run said that it ends."""
        told = self.store.events(*_BOUNDS, branch=self.branch, last=1)
        return not told or not isinstance(told[0].event, RunStarted)

    @property
    def is_paused(self) -> bool:
        """Whether the run was told to wait, and has heard it."""
        told = self.store.events("act_settled", "run_started", branch=self.branch, last=50)
        for entry in reversed(told):
            event = entry.event
            if not isinstance(event, ActSettled):
                return False
            if event.what in ("pause", "resume") and event.status == "applied":
                return event.what == "pause"
        return False

    def people(self) -> str:
        """World, cast and hooks."""
        return people(self.plan) if self.plan else "There is no plan yet."

    def search(self, question: str) -> list[FoundSentence]:
        """Sentences with all of those words, in the book's order."""
        search = ProseSearch(self.chain)
        found = search.find(question, MOST_FOUND, all_words=True)
        search.close()
        return sorted(found)


def _bar(name: str, tokens: int, budget: int, trimmed: int, width: int = 30) -> str:
    filled = round(width * min(1.0, tokens / budget)) if budget else 0
    cut = f", {trimmed} cut" if trimmed else ""
    return f"{name:<9} {'█' * filled}{'░' * (width - filled)} {tokens} of {budget}{cut}"
