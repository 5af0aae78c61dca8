"""Ask the narrator for scenes to the prompts of training rows, each beside the human's scene.

Every call is in the log: a run that was ended asks only for what is missing.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

from novelcraft.agents.narrator import Narration, NarrationInput, narrate
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SizePreset
from novelcraft.config.resolve import pick_preset
from novelcraft.config.root import Settings
from novelcraft.graphs.session import ModelsFactory
from novelcraft.prompts.narrator import AssembledPrompt
from novelcraft.state.calls import Message
from novelcraft.state.layout import TOKENS_PER_WORD
from novelcraft.state.manuscript import count_words
from novelcraft.state.preferences import PairEvent, PairMade, PairsStarted
from novelcraft.state.rows import TrainingRow
from novelcraft.state.stream import OnEvent
from novelcraft.tools.books.rows.chat_template import split_plan
from novelcraft.tools.metrics.draft_length import LengthRule
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.calls import CallLog
from novelcraft.tools.models.preflight import SPARE_TOKENS, Need


@dataclasses.dataclass(frozen=True)
class Answered:
    """A row, and what the narrator wrote to its prompt."""

    row: TrainingRow
    narration: Narration
    plan: str
    """What it thought before; empty for a narrator that does not think."""


async def ask_for_scenes(
    rows: Sequence[TrainingRow],
    settings: Settings,
    log: CallLog,
    *,
    models: ModelsFactory,
    template_hash: str,
    on_event: OnEvent[PairEvent],
) -> list[Answered]:
    """A scene of the narrator's for each row, as long as the human's.

    As many are asked for at once as the narrator's server answers side by side.

    Args:
        rows: The rows.
        settings: Say who the narrator is.
        log: Where calls are written down and looked up.
        models: Opens the models of the roles.
        template_hash: Of the prompt template that laid the rows out.
        on_event: Listens to the run's events.

    Raises:
        ModelError: The narrator cannot be used. What it wrote before is in the log.
    """
    async with models(settings, log) as chat:
        narrator = chat.endpoint("narrator")
        preset = pick_preset(settings.write, narrator.model)
        count = chat.token_counter("narrator")
        lengths = await asyncio.to_thread(
            lambda: [sum(count(m.content) for m in prompt_of(row)) for row in rows]
        )
        needs = [
            Need("narrator", "pairs", length + SPARE_TOKENS, _scene_tokens(row, preset))
            for length, row in zip(lengths, rows, strict=True)
        ]
        await chat.preflight(needs)
        on_event(PairsStarted(rows=len(rows), model=narrator.model))
        asking = _Asking(
            Caller(chat, settings.prep.seed),
            preset,
            narrator.supports_prefill,
            template_hash,
            log,
            on_event,
        )
        return await asking.all(rows, max(1, narrator.server.max_concurrency))


def prompt_of(row: TrainingRow) -> tuple[Message, ...]:
    """What the narrator is asked in a row."""
    return row.messages[:-1]


def scene_of(row: TrainingRow) -> str:
    """The human's scene, without the plan before it."""
    return split_plan(row.messages[-1].content)[1]


@dataclasses.dataclass
class _Asking:
    caller: Caller
    preset: SizePreset
    can_continue: bool
    template_hash: str
    log: CallLog
    on_event: OnEvent[PairEvent]
    done: int = 0

    async def all(self, rows: Sequence[TrainingRow], slots: int) -> list[Answered]:
        places = asyncio.Semaphore(slots)
        tasks = [asyncio.create_task(self._one(row, places, len(rows))) for row in rows]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, row: TrainingRow, places: asyncio.Semaphore, rows: int) -> Answered:
        words = count_words(scene_of(row))
        given = NarrationInput(
            prompt=AssembledPrompt(prompt_of(row), (), self.template_hash),
            target_words=words,
            asked_words=words,
            can_continue=self.can_continue,
        )
        async with places:
            session = AgentSession(self.caller, self.preset, f"pairs/{row.row_id}")
            narration = await narrate(given, session)
        self.done += 1
        self.on_event(
            PairMade(
                row_id=row.row_id,
                done=self.done,
                rows=rows,
                words=count_words(narration.prose),
            )
        )
        first = self.log.find_call(narration.provenance.calls[0])
        return Answered(row, narration, first.thinking.strip() if first else "")


def _scene_tokens(row: TrainingRow, preset: SizePreset) -> int:
    """Room for a scene as long as the human's, up to where the narrator is ended."""
    return LengthRule.of(preset, count_words(scene_of(row))).tokens(TOKENS_PER_WORD)
