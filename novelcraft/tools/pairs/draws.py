"""How a scene was drawn, read from the log of model calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from novelcraft.state.calls import CallRecord, Message
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.steps import DraftStep, DrawStep, call_step
from novelcraft.tools.canon.store import ManuscriptStore

PERSON = "person"
PURPOSE = "scene.narrate"


@dataclass(frozen=True)
class Draw:
    """A draft as the narrator wrote it."""

    step: DrawStep
    """Which draw of which scene it belongs to; its attempts share it."""
    attempt: int
    messages: tuple[Message, ...]
    """The prompt."""
    plan: str
    """What it thought before it wrote; empty for a narrator that does not think."""
    text: str
    """As it came: what the narrator's length rule cut off is still there."""
    writer: str

    def follows(self, parent: str | None) -> bool:
        """Whether it was drawn after that commit."""
        return self.step.follows(parent)


class Draws:
    """The narrator's calls of a novel."""

    def __init__(self, store: ManuscriptStore) -> None:
        records = [r for r in store.calls(purpose=PURPOSE) if r.outcome == "ok"]
        self._by_key = {record.key: record for record in records}
        self._by_step = {record.step: record for record in records}

    def of(self, commit: SceneCommit) -> Draw | None:
        """How a scene was drawn; None for a person's, and for one whose calls are not there."""
        found = [self._by_key.get(key) for key in commit.provenance.calls]
        segments = [record for record in found if record is not None]
        return _draw(segments) if segments and len(segments) == len(found) else None

    def before(self, draw: Draw) -> list[Draw]:
        """The earlier attempts of a draw, the first first."""
        found = (self._attempt(draw.step.draft(number)) for number in range(1, draw.attempt))
        return [_draw(segments) for segments in found if segments]

    def _attempt(self, draft: DraftStep) -> list[CallRecord]:
        segments: list[CallRecord] = []
        while record := self._by_step.get(call_step(str(draft), len(segments))):
            segments.append(record)
        return segments


def _draw(segments: Sequence[CallRecord]) -> Draw:
    first, last = segments[0], segments[-1]
    draft = DraftStep.parse(first.step)
    return Draw(
        step=draft.draw,
        attempt=draft.attempt,
        messages=_asked(first),
        plan=first.thinking.strip(),
        text=(_prefill(last) + last.text).strip(),
        writer=writer(first.model, first.adapter),
    )


def writer(model: str, adapter: str) -> str:
    """Who wrote a scene, as pairs name it."""
    return f"{model}+{adapter}" if adapter else model


def _asked(record: CallRecord) -> tuple[Message, ...]:
    """The prompt, without the beginning of the answer that was given to the narrator."""
    last = record.messages[-1]
    return record.messages[:-1] if last.role == "assistant" else record.messages


def _prefill(record: CallRecord) -> str:
    last = record.messages[-1]
    return last.content if last.role == "assistant" else ""
