"""A batch of novels: its rows, how each stands, and the events of a run over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from novelcraft.state.base import Frozen

KeyPath = tuple[str, ...]

RowStatus = Literal["waiting", "writing", "finished", "paused", "failed"]
"""Not begun, or stopped; in hand; done; at a cap on cost; ended by an error."""


class BatchRow(Frozen):
    """One novel of a batch, as the person asked for it."""

    name: str
    """Names the novel in the batch, and its folder on the shelf."""
    settings: dict[str, dict[str, Any]]
    """What the row sets of a `novel.toml`, by table: `{"novel": {"pages": 100}}`."""
    cap: float | None = None
    """What the novel may cost; None for no bound."""
    authored: dict[str, str] = Field(default_factory=dict)
    """What the author has already, by file, `{"cast.md": "…"}`, where workers have no folder of the
    author's."""

    def values(self) -> dict[KeyPath, Any]:
        """Each setting by its table and key: `{("roles", "narrator", "model"): "…"}`."""
        return {
            (table, *path): value
            for table, inside in self.settings.items()
            for path, value in _leaves(inside, deep=table == "roles")
        }


class RowProgress(Frozen):
    """How far a novel of a batch is, and what it took."""

    status: RowStatus = "waiting"
    scenes: int = 0
    """Scenes that are written."""
    scenes_planned: int = 0
    """0 before there is a plan."""
    words: int = 0
    findings: int = 0
    at_cap: int = 0
    """Scenes that were kept with findings when the attempts ran out."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """By the prices that the roles' settings give."""
    seconds: float = 0.0
    """Time spent in model calls, over all runs."""
    worker: str = ""
    """Who wrote on it last: host and process."""
    path: str = ""
    """The novel's folder; of a finished one its EPUB."""
    error: str = ""
    """Why it failed or is paused, and what to do about it."""


class BatchEntry(Frozen):
    """A row with its standing."""

    row: BatchRow
    standing: RowProgress


class Change(Frozen):
    """A row that asks for something else than the batch has under its name."""

    row: BatchRow
    was: BatchRow
    begun: bool
    """Whether something of the novel is written already."""

    def lines(self) -> list[str]:
        """One line for each value that differs: `[novel] pages: 100 → 120`."""
        caps = [] if self.was.cap == self.row.cap else [("cap", self.was.cap, self.row.cap)]
        before = self.was.values()
        differ = [(_name(path), before.get(path), value) for path, value in self.values().items()]
        files = [
            (name, self.was.authored.get(name), self.row.authored[name]) for name in self.files()
        ]
        changed = [*caps, *differ, *files]
        return [f"{key}: {_shown(old)} → {_shown(new)}" for key, old, new in changed]

    def files(self) -> list[str]:
        """Which of the author's files differ, or came since."""
        was = self.was.authored
        return [name for name, text in self.row.authored.items() if was.get(name) != text]

    def values(self) -> dict[KeyPath, Any]:
        """What the settings become where they differ; None for what is unset again."""
        before, after = self.was.values(), self.row.values()
        paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
        return {path: after.get(path) for path in paths}


class NovelBegun(Frozen):
    """A novel of the batch is taken in hand, for the first time or again."""

    kind: Literal["novel_begun"] = "novel_begun"
    name: str


class NovelGrew(Frozen):
    """A scene of it was accepted, or its plan is ready."""

    kind: Literal["novel_grew"] = "novel_grew"
    name: str
    scenes: int
    scenes_planned: int
    words: int


class NovelEnded(Frozen):
    """It is finished, or not written on in this run."""

    kind: Literal["novel_ended"] = "novel_ended"
    name: str
    standing: RowProgress


class NovelNotice(Frozen):
    """Something a person should know about one novel, that is no error."""

    kind: Literal["novel_notice"] = "novel_notice"
    name: str
    text: str


class BatchNotice(Frozen):
    """Something a person should know about the batch as a whole, that is no error."""

    kind: Literal["batch_notice"] = "batch_notice"
    text: str


class BatchHeld(Frozen):
    """No further novel is begun in this run."""

    kind: Literal["batch_held"] = "batch_held"
    reason: str


BatchEvent = Annotated[
    NovelBegun | NovelGrew | NovelEnded | NovelNotice | BatchNotice | BatchHeld,
    Field(discriminator="kind"),
]


def _leaves(table: dict[str, Any], *, deep: bool) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in table.items():
        if deep and isinstance(value, dict):
            yield from (((key, *path), inner) for path, inner in _leaves(value, deep=False))
        else:
            yield (key,), value


def _name(path: KeyPath) -> str:
    return f"[{'.'.join(path[:-1])}] {path[-1]}"


def _shown(value: Any, longest: int = 60) -> str:
    text = "unset" if value is None else " ".join(str(value).split())
    return text if len(text) <= longest else f"{text[:longest].rstrip()}…"
