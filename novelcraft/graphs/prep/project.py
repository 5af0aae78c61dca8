"""A prep project: books in preparation, their folder and settings, and what is done with them.

This is the face that the command line or another program uses.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from novelcraft.agents.world_builder import longest_answer
from novelcraft.config.prep import check_layout
from novelcraft.config.presets import SMALL, SizePreset
from novelcraft.config.resolve import pick_preset
from novelcraft.config.root import Settings
from novelcraft.errors import InputError
from novelcraft.graphs.prep.context import PrepContext
from novelcraft.graphs.prep.corpus_graph import build_corpus_graph
from novelcraft.graphs.prep.inspection import write_card
from novelcraft.graphs.prep.sources import book_files, known_tasks, tasks_for
from novelcraft.graphs.session import ModelsFactory
from novelcraft.state.card import DataCard
from novelcraft.state.prep import (
    PREP_EVENTS,
    STAGES,
    BookNotice,
    BookResult,
    CorpusState,
    PrepEvent,
    PrepFinished,
    PrepStarted,
    Stage,
)
from novelcraft.state.stream import OnEvent
from novelcraft.tools.books.folder import PrepFolder
from novelcraft.tools.books.rows.style_rows import sample_files
from novelcraft.tools.books.rows.tokenizers import check_base, open_tokenizer
from novelcraft.tools.books.scenes.limits import SceneLimits
from novelcraft.tools.canon.call_store import CallStore
from novelcraft.tools.canon.embedders import open_embedder
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.embedded.fetch import Notify, quiet
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.models.preflight import Need
from novelcraft.tools.storage.feed import FeedWriter, recording
from novelcraft.tools.storage.files import storage_errors
from novelcraft.tools.storage.lock import ProjectLock

_UNBOUNDED = 1 << 40

LEAST_BOOKS = 4
"""Books that are worked on at once, or as many as the model's server has slots."""

AGENT_STAGES: tuple[Stage, ...] = ("world", "scenes", "facts", "summaries", "briefs")
_STEPS = 10_000


@dataclass(frozen=True)
class PrepOutcome:
    """What came of a run."""

    results: tuple[BookResult, ...]
    rows: int
    """Rows in the folder; 0 for a run that ended before them."""

    @property
    def failed(self) -> tuple[BookResult, ...]:
        """Books that could not be prepared."""
        return tuple(result for result in self.results if result["error"])


class PrepProject:
    """A folder in which books are prepared.

    Args:
        folder: The folder; made when it is missing.
        settings: The loaded settings.
        models: Opens the models of the roles.
        notify: Is told when weights have to be fetched first.

    Raises:
        BudgetError, ConfigError: The settings contradict each other.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        models: ModelsFactory = open_models,
        notify: Notify = quiet,
    ) -> None:
        self.folder = PrepFolder(folder)
        self.settings = settings
        self._models = models
        self._notify = notify
        self._layout = check_layout(settings.prep)
        self._limits = SceneLimits().within(*settings.prep.scene_tokens)

    async def prepare(
        self,
        books: Sequence[Path],
        *,
        until: Stage = "rows",
        redo: Stage | None = None,
        on_event: OnEvent[PrepEvent],
    ) -> PrepOutcome:
        """Do what is missing, of these books or of all that are in the folder.

        Args:
            books: Files, or folders of files; none for the books that are there.
            until: The last stage.
            redo: Do this stage again, and so what follows from it.
            on_event: Listens to the run's events.

        Raises:
            InputError: A path that is no book's.
            ProjectBusyError: Another run works in the folder.
            ModelError: A model cannot be used.
        """
        _check_redo(redo, until, named=bool(books))
        root = self.folder.root
        with storage_errors(root):
            root.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        with ProjectLock(root), FeedWriter(root) as feed:
            emit = recording(feed, PREP_EVENTS, on_event)
            files = book_files(books)
            tasks, notices = tasks_for(files, self.folder, until)
            tasks = tasks if files else known_tasks(self.folder, until)
            if redo is not None:
                for task in tasks:
                    self.folder.build_manifest(task["book_id"]).forget(redo)
            emit(PrepStarted(books=len(tasks), until=until))
            for text in notices:
                emit(BookNotice(book_id="", text=text))
            async with self._context(until, emit) as context:
                state = CorpusState(tasks=tasks, until=until, results=[])
                config: Any = {"recursion_limit": _STEPS}
                end = await build_corpus_graph().ainvoke(state, config, context=context)
            card = await asyncio.to_thread(write_card, self.folder, self.settings.prep)
            rows = card.rows.total if until == "rows" else 0
            outcome = PrepOutcome(tuple(end["results"]), rows)
            emit(
                PrepFinished(
                    books=len(card.books),
                    failed=len(outcome.failed),
                    rows=outcome.rows,
                    seconds=time.monotonic() - begun,
                )
            )
        return outcome

    def check(self) -> None:
        """See that what the settings name is there, before anything is done or written down.

        Raises:
            ConfigError: The base model is no folder and no name on the hub.
            BookError: The folder of samples is none, or has none.
        """
        check_base(self.settings.prep.base_model)
        if self.settings.prep.samples:
            sample_files(Path(self.settings.prep.samples))

    def write_card(self) -> DataCard:
        """The data card of what is in the folder now; written beside it, too."""
        return write_card(self.folder, self.settings.prep)

    @asynccontextmanager
    async def _context(
        self, until: Stage, on_event: OnEvent[PrepEvent]
    ) -> AsyncIterator[PrepContext]:
        """What the nodes of a run get. Models are opened only for a run that asks them."""
        asks = STAGES.index(until) >= STAGES.index(AGENT_STAGES[0])
        with CallStore(self.folder.database) as log:
            if not (asks and self.settings.prep.models):
                yield self._made(None, on_event, SMALL, 1)
                return
            async with self._models(self.settings, log) as chat:
                cheap = chat.endpoint("cheap")
                preset = pick_preset(self.settings.write, cheap.model)
                contexts = [chat.endpoint(role).context for role in ("cheap", "reasoning")]
                preset = fit_reading(preset, min(contexts, key=lambda c: c or _UNBOUNDED))
                chat.listen(lambda text: on_event(BookNotice(book_id="", text=text)))
                await chat.preflight(self._needs(preset))
                caller = Caller(chat, self.settings.prep.seed)
                yield self._made(caller, on_event, preset, cheap.server.max_concurrency)

    def _needs(self, preset: SizePreset) -> list[Need]:
        """The longest calls: about a portion that is read, or about a scene with the world and the
        story so far."""
        scene = preset.scene_read or self._limits.high
        with_context = self._layout.world + self._layout.summary + scene
        prompt = _INSTRUCTIONS + max(preset.reading_tokens, with_context)
        answer = longest_answer(preset)
        return [
            Need("cheap", "prep.summarize", prompt, answer),
            Need("reasoning", "prep.world", prompt, answer),
        ]

    def _made(
        self, caller: Caller | None, on_event: OnEvent[PrepEvent], preset: SizePreset, slots: int
    ) -> PrepContext:
        prep = self.settings.prep
        return PrepContext(
            folder=self.folder,
            settings=prep,
            layout=self._layout,
            limits=self._limits,
            open_tokenizer=cache(lambda: open_tokenizer(prep.base_model, notify=self._notify)),
            open_embedder=cache(lambda: open_embedder(prep.embedding, notify=self._notify)),
            caller=caller,
            slots=slots,
            preset=preset,
            emit=on_event,
            books_at_once=asyncio.Semaphore(max(LEAST_BOOKS, slots)),
            processors=asyncio.Semaphore(os.cpu_count() or 1),
        )


def fit_reading(preset: SizePreset, context: int) -> SizePreset:
    """The preset with portions of text that a model reads with room for its longest answer.

    Args:
        preset: What the size of the model asks for.
        context: The model's context in tokens; 0 where its server does not say.
    """
    room = context - longest_answer(preset) - _INSTRUCTIONS
    if not context or room >= preset.reading_tokens:
        return preset
    return dataclasses.replace(preset, reading_tokens=max(room, _LEAST_READING))


_INSTRUCTIONS = 500
"""Tokens of an agent's prompt beside the text that it reads."""
_LEAST_READING = 1_000


def _check_redo(redo: Stage | None, until: Stage, *, named: bool) -> None:
    if redo is None:
        return
    if STAGES.index(redo) > STAGES.index(until):
        raise InputError(
            f"{redo} cannot be done again in a run that ends with {until}.",
            fix=f"Leave out --until, or name {redo} or a later stage there.",
        )
    if redo == "convert" and not named:
        raise InputError(
            "Books cannot be converted again without their files.", fix="Name the books."
        )
