"""Everything a run needs, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from novelcraft.config.presets import SizePreset
from novelcraft.config.resolve import layout_table, resolve
from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES
from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.graphs.acts.roles import with_roles
from novelcraft.graphs.adapters import check_embedded, check_served
from novelcraft.graphs.authored import read_for_plan, require_room
from novelcraft.graphs.background import background_work
from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.history import history_notice, with_history
from novelcraft.graphs.indexing import background_index
from novelcraft.graphs.rehearsal import longest_calls
from novelcraft.graphs.trained_layout import TrainedLayout, trained_layout
from novelcraft.state.events import Notice, WriteEvent
from novelcraft.state.layout import Layout
from novelcraft.state.stream import OnEvent
from novelcraft.tools.canon.embedders import open_embedder
from novelcraft.tools.canon.index import PassageIndex
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.chat import CallLog, ChatModels
from novelcraft.tools.models.embedded.house import with_house_narrator
from novelcraft.tools.models.embedded.library import ModelLibrary

ModelsFactory = Callable[[Settings, CallLog], AbstractAsyncContextManager[ChatModels]]
"""Opens the models of the roles, starting what must be started."""

INDEX_FOLDER = "canon"


def _of_layout(known: TrainedLayout, used: Layout) -> list[str]:
    """What a person should know of the layout that a run with an adapter uses."""
    if known.layout and known.layout.hash != used.hash:
        table = layout_table(trained=known.layout, asked=used)
        return [f"The adapter is asked in another layout than it was trained on:\n{table}"]
    return [known.notice] if known.notice else []


@dataclass(frozen=True)
class OpenedModels:
    """The models of some settings, their adapters held to the release gate."""

    chat: ChatModels
    preset: SizePreset
    """With the layout that the narrator is asked in."""
    notices: list[str]
    """What a person should know before anything is asked."""
    taught: Layout | None
    """The layout of the rows that the narrator was trained on; None where none is known."""


@asynccontextmanager
async def open_released(
    settings: Settings, log: CallLog, models: ModelsFactory
) -> AsyncIterator[OpenedModels]:
    """Open the models, and refuse adapters that failed the release gate.

    Raises:
        AdapterRefusedError: An adapter failed the gate.
        ConfigError, ModelError: A model cannot be used.
        BudgetError: The budget contradicts itself, or the adapter's layout.
    """
    settings = with_house_narrator(settings, ModelLibrary())
    notices = check_embedded(settings)
    async with models(settings, log) as chat:
        notices += check_served(settings, [chat.endpoint(role) for role in ROLES])
        chat.hold_to(lambda endpoint: check_served(settings, [endpoint]))
        narrator = chat.endpoint("narrator")
        known = trained_layout(settings, narrator)
        preset = resolve(settings, narrator.model, known.layout)
        notices += _of_layout(known, preset.layout)
        yield OpenedModels(chat, preset, notices, known.layout)


@asynccontextmanager
async def writing_context(
    folder: Path,
    settings: Settings,
    store: ManuscriptStore,
    models: ModelsFactory,
    *,
    branch: str,
    emit: OnEvent[WriteEvent],
    until: int | None = None,
    wait: bool = False,
) -> AsyncIterator[WriteContext]:
    """What the nodes of a run on that branch get. The caller holds the folder's lock.

    What a person should know before the run begins is emitted first. Roles are as acts have set
    them.

    Raises:
        AdapterRefusedError: An adapter failed the gate.
        AuthorsFileError: What the author has cannot be planned.
        ModelError: A model cannot be used, or the narrator's context is too short.
        BudgetError: The budget contradicts itself, or the adapter was trained without the history
            that is asked for.
    """
    given, settings = settings, with_roles(settings, ActsInForce(store, branch).roles)
    async with open_released(settings, store, models) as opened:
        chat = opened.chat
        chat.listen(lambda text: emit(Notice(text=text)))
        version = store.branch(branch).plan_version
        plan = None if version is None else store.plan(version)
        authored = plan.authored if plan else read_for_plan(folder, settings.novel)
        if plan is None:
            require_room(authored, settings.novel, opened.preset)
        needs = await longest_calls(settings.novel, opened.preset, chat, plan, authored)
        await chat.preflight(needs)
        served = chat.endpoint("narrator").context
        preset = with_history(opened.preset, settings, served, opened.taught)
        for text in (*opened.notices, *history_notice(settings.write, preset, served)):
            emit(Notice(text=text))
        embedder = open_embedder(settings.write.embedding)
        async with (
            background_index(PassageIndex(folder / INDEX_FOLDER, embedder)) as index,
            background_work() as background,
        ):
            if earlier := store.chain(store.branch(branch).head)[:-1]:
                # Recall needs all but the last; Chroma takes a while to load.
                background.defer(partial(index.sync, earlier))
                background.start()
            yield WriteContext(
                folder=folder,
                store=store,
                index=index,
                background=background,
                embedder=embedder,
                caller=Caller(chat, settings.novel.seed),
                count=chat.token_counter("narrator"),
                novel=settings.novel,
                write=settings.write,
                emit=emit,
                preset=preset,
                settings=given,
                beside_scene=max(n.total for n in needs if n.role == "cheap") - preset.layout.scene,
                until=until,
                wait=wait,
                passages=opened.taught is None,
            )
