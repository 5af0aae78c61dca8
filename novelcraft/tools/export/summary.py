"""What a run came to: the numbers, what was kept in spite of its checks, and where it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from novelcraft.config.settings import NovelSettings
from novelcraft.state.calls import ModelLine
from novelcraft.state.findings import Finding, Severity
from novelcraft.state.manuscript import AcceptedBy, SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.export.markdown import book_title, plan_chapter
from novelcraft.tools.text import one_line

_SEVERITIES: tuple[Severity, ...] = ("block", "warn", "report")


@dataclass(frozen=True)
class ChapterLine:
    """A chapter of the plan, and how far it is written."""

    number: int
    title: str
    words: int
    target: int
    """Words that the plan asks for."""
    scenes: int
    """Scenes written."""
    planned: int
    """Scenes in the plan."""


@dataclass(frozen=True)
class SceneLine:
    """A scene of the chain."""

    position: int
    scene_id: str
    chapter: int
    words: int
    target: int | None
    """Words the plan asks for; None where the plan no longer has the scene."""
    accepted_by: AcceptedBy
    attempt: int
    """Which draft was taken."""
    stale: tuple[str, ...]
    findings: tuple[Finding, ...]
    """Those that nobody exempted."""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings for which its checks would not have let it in."""
        return tuple(f for f in self.findings if f.severity == "block")


@dataclass(frozen=True)
class CheckLine:
    """How often a check found something, over the whole book."""

    check: str
    severity: Severity
    findings: int
    scenes: int
    """Scenes it found something in; 0 for a check of the book as a whole."""
    example: Finding


@dataclass(frozen=True)
class SourceLine:
    """Where the prose of some scenes came from."""

    model: str
    adapter: str
    template_hash: str
    scenes: int


@dataclass(frozen=True)
class RunSummary:
    """Everything that the summary at the end of a run and the report show."""

    title: str
    author: str
    premise: str
    language: str
    seed: int
    novel_id: str
    branch: str
    head: str
    """Id of the last commit; empty while nothing is written."""
    plan_version: int
    words: int
    target_words: int
    words_per_page: int
    scenes_planned: int
    chapters: tuple[ChapterLine, ...]
    scenes: tuple[SceneLine, ...]
    checks: tuple[CheckLine, ...]
    models: tuple[ModelLine, ...]
    sources: tuple[SourceLine, ...]
    mends: tuple[str, ...]
    """What code had to mend in the plan."""
    exempted: int
    """Findings that a person exempted, and that are left out above."""

    @property
    def pages(self) -> float:
        """Pages written."""
        return self.words / self.words_per_page

    @property
    def target_pages(self) -> float:
        """Pages asked for."""
        return self.target_words / self.words_per_page

    @property
    def finished(self) -> bool:
        """Whether every scene of the plan is written."""
        written = {scene.scene_id for scene in self.scenes}
        return bool(written) and len(written) >= self.scenes_planned

    @property
    def at_cap(self) -> tuple[SceneLine, ...]:
        """Scenes that never passed their checks, and were kept when the attempts ran out."""
        return tuple(scene for scene in self.scenes if scene.accepted_by == "cap")

    @property
    def by_person(self) -> tuple[SceneLine, ...]:
        """Scenes that did not pass their checks, and stand by a person's word."""
        return tuple(s for s in self.scenes if s.accepted_by == "person" and s.blocking)

    @property
    def flaws(self) -> int:
        """Findings that block, in scenes and in the book as a whole."""
        return sum(line.findings for line in self.checks if line.severity == "block")

    @property
    def stale(self) -> tuple[SceneLine, ...]:
        """Scenes that may not fit an edit of what comes before them."""
        return tuple(scene for scene in self.scenes if scene.stale)

    @property
    def warnings(self) -> int:
        """Findings of severity warn."""
        return sum(line.findings for line in self.checks if line.severity == "warn")

    def accepted(self, by: AcceptedBy) -> int:
        """How many scenes were let in by the checks, at the cap, or by a person."""
        return sum(scene.accepted_by == by for scene in self.scenes)


@dataclass
class _Found:
    """A check's findings while they are counted."""

    example: Finding
    findings: int = 0
    scenes: set[int] = field(default_factory=set)


def run_summary(
    plan: Plan,
    chain: Sequence[SceneCommit],
    novel: NovelSettings,
    *,
    novel_id: str = "",
    branch: str = "main",
    book_findings: Sequence[Finding] = (),
    models: Sequence[ModelLine] = (),
    exempt: Collection[str] = (),
) -> RunSummary:
    """Sum up a novel as far as it is written.

    Args:
        plan: The plan version of the branch.
        chain: The scene commits in reading order; may be empty.
        novel: Gives title, author, language, length and seed.
        novel_id: The novel's id, to be named in the report.
        branch: The branch's name, to be named in the report.
        book_findings: What the checks of the book as a whole found.
        models: Sums of the calls of each role and model, over all runs.
        exempt: Keys of findings that a person marked as intended.

    Raises:
        UnknownTargetError: A commit names a chapter that the plan does not have.
    """
    found = [(0, f) for f in book_findings]
    found += [(commit.position, f) for commit in chain for f in commit.findings]
    kept = [(position, f) for position, f in found if f.key not in exempt]
    return RunSummary(
        title=book_title(plan, novel),
        author=one_line(novel.author),
        premise=plan.premise,
        language=novel.language,
        seed=novel.seed,
        novel_id=novel_id,
        branch=branch,
        head=chain[-1].id if chain else "",
        plan_version=plan.version,
        words=sum(commit.words for commit in chain),
        target_words=plan.target_words,
        words_per_page=novel.words_per_page,
        scenes_planned=len(plan.scenes),
        chapters=_chapters(plan, chain),
        scenes=_scenes(plan, chain, exempt),
        checks=_checks(kept),
        models=tuple(models),
        sources=_sources(chain),
        mends=plan.mends,
        exempted=len(found) - len(kept),
    )


def _chapters(plan: Plan, chain: Sequence[SceneCommit]) -> tuple[ChapterLine, ...]:
    words: Counter[str] = Counter()
    scenes: Counter[str] = Counter()
    for commit in chain:
        words[commit.chapter_id] += commit.words
        scenes[commit.chapter_id] += 1
    return tuple(
        ChapterLine(
            number=chapter.number,
            title=one_line(chapter.title),
            words=words[chapter.id],
            target=chapter.target_words,
            scenes=scenes[chapter.id],
            planned=len(plan.scenes_of(chapter.id)),
        )
        for chapter in plan.chapters
    )


def _scenes(
    plan: Plan, chain: Sequence[SceneCommit], exempt: Collection[str]
) -> tuple[SceneLine, ...]:
    targets = {brief.id: brief.target_words for brief in plan.scenes}
    return tuple(
        SceneLine(
            position=commit.position,
            scene_id=commit.scene_id,
            chapter=plan_chapter(plan, commit.chapter_id).number,
            words=commit.words,
            target=targets.get(commit.scene_id),
            accepted_by=commit.accepted_by,
            attempt=commit.provenance.attempt,
            stale=commit.stale,
            findings=tuple(f for f in commit.findings if f.key not in exempt),
        )
        for commit in chain
    )


def _checks(found: Iterable[tuple[int, Finding]]) -> tuple[CheckLine, ...]:
    groups: dict[tuple[Severity, str], _Found] = {}
    for position, finding in found:
        group = groups.setdefault((finding.severity, finding.check), _Found(finding))
        group.findings += 1
        if position:
            group.scenes.add(position)
    lines = [
        CheckLine(check, severity, group.findings, len(group.scenes), group.example)
        for (severity, check), group in groups.items()
    ]
    lines.sort(key=lambda line: (_SEVERITIES.index(line.severity), -line.findings, line.check))
    return tuple(lines)


def _sources(chain: Sequence[SceneCommit]) -> tuple[SourceLine, ...]:
    counts = Counter(
        (c.provenance.model, c.provenance.adapter, c.provenance.template_hash) for c in chain
    )
    return tuple(SourceLine(*key, scenes=scenes) for key, scenes in counts.most_common())
