"""The column beside the prose: the scene's goal, what was found in it, the story so far."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from novelcraft.present.writing import WritingProgress
from novelcraft.state.events import SceneStarted, WriteEvent
from novelcraft.state.findings import Finding
from novelcraft.state.plan import Plan

LINES = 8
"""Lines of what happened that are shown."""


class Side(VerticalScroll):
    """What a person wants to know beside the prose."""

    def __init__(self) -> None:
        super().__init__(id="side")
        self._lines: list[str] = []
        self._progress = WritingProgress()

    def compose(self) -> ComposeResult:
        """Put the column together."""
        for name, heading in (
            ("goal", "This scene"),
            ("found", "Found in it"),
            ("story", "The story so far"),
            ("happened", "What happened"),
        ):
            yield Static(heading, classes=f"heading {name}")
            yield Static("", id=name, classes=name, markup=False)

    def take(self, event: WriteEvent, plan: Plan | None) -> None:
        """Take in an event."""
        if isinstance(event, SceneStarted):
            self._update("goal", _goal(event, plan))
        if line := self._progress.headline(event):
            self._lines = [*self._lines, line][-LINES:]
            self._update("happened", "\n".join(self._lines))

    def found(self, findings: tuple[Finding, ...] | None) -> None:
        """Show what was found, numbered as it is in the prose's margin; None before the checks."""
        if findings is None:
            self._update("found", "Not checked yet.")
            self.remove_class("has-found")
            return
        lines = [f"{n} {f.severity}: {f.message}" for n, f in enumerate(findings, 1)]
        self._update("found", "\n".join(lines) or "Nothing.")
        self.set_class(bool(findings), "has-found")

    def story(self, summary: str) -> None:
        """Show the rolling summary."""
        self._update("story", summary or "It begins here.")

    def _update(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", Static).update(text)


def _goal(event: SceneStarted, plan: Plan | None) -> str:
    lines = [f"{event.position} of {event.scenes}: {event.goal}"]
    brief = next((s for s in plan.scenes if s.id == event.scene_id), None) if plan else None
    if plan and brief:
        lines.append(f"{plan.character(brief.pov).name}, {brief.place}, {brief.time}")
    return "\n".join(lines)
