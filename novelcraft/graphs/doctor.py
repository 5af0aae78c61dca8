"""Everything a run needs, looked at one by one, without asking a model anything."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from novelcraft.config.presets import SizePreset
from novelcraft.config.resolve import resolve
from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleName, RoleSettings
from novelcraft.errors import NovelcraftError, ProjectBusyError
from novelcraft.graphs.adapters import check_embedded, check_served
from novelcraft.graphs.checkpoints import open_checkpoints
from novelcraft.graphs.exporting import MAIN, exports_folder
from novelcraft.graphs.history import with_history
from novelcraft.graphs.manuscript import FileState, manuscript_path, manuscript_state
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.rehearsal import narrator_call
from novelcraft.graphs.runner import resumable
from novelcraft.graphs.session import INDEX_FOLDER
from novelcraft.graphs.trained_layout import trained_layout
from novelcraft.graphs.write import build_write_graph
from novelcraft.state.layout import Layout
from novelcraft.state.manuscript import Branch, SceneCommit
from novelcraft.tools.canon.embedders import open_embedder
from novelcraft.tools.canon.index import PassageIndex
from novelcraft.tools.export.pandoc import run_pandoc
from novelcraft.tools.export.pdf import PDF_ENGINES
from novelcraft.tools.models.embedded.fetch import minilm_ready
from novelcraft.tools.models.embedded.house import with_house_narrator
from novelcraft.tools.models.embedded.library import AUTO, ModelLibrary
from novelcraft.tools.models.endpoint import Endpoint, connect
from novelcraft.tools.models.opening import server_of
from novelcraft.tools.models.patience import Patience
from novelcraft.tools.models.preflight import check_needs
from novelcraft.tools.storage.lock import ProjectLock
from novelcraft.tools.text import counted, quoted

LEAST_FREE = 500_000_000
"""Bytes of free space under which a run may not come to its end."""

Health = Literal["ok", "note", "fault"]


@dataclass(frozen=True)
class Examined:
    """What was found of one thing."""

    subject: str
    health: Health
    """`note` is what a run does by itself, or can do without."""
    text: str
    fix: str = ""


def _fault(subject: str, error: NovelcraftError) -> Examined:
    return Examined(subject, "fault", error.message, error.fix)


async def examine(
    settings: Settings,
    novel: Novel | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    library: ModelLibrary | None = None,
) -> AsyncIterator[Examined]:
    """Look at all that a run needs, and at a novel's chain and what follows from it.

    Args:
        settings: The novel's, or those that hold for all.
        novel: The novel; None for none.
        environ: Holds the keys.
        library: The embedded models; None takes this user's.
    """
    library = library or ModelLibrary()
    settings = with_house_narrator(settings, library)
    endpoints: dict[str, Endpoint] = {}
    for role in ROLES:
        given: RoleSettings = getattr(settings.roles, role)
        yield await _role(role, role, given, endpoints, environ, library)
        for number, other in enumerate(given.fallbacks, 1):
            name = f"{role}, fallback {number}"
            found = await _role(name, role, other, endpoints, environ, library)
            yield _dispensable(found)
    for found in _narrator(settings, endpoints, library):
        yield found
    yield _embedder(settings)
    yield _pandoc()
    yield _pdf()
    yield _space(novel.folder if novel else Path.cwd())
    if novel is not None:
        async for found in _novel(novel):
            yield found


def _dispensable(found: Examined) -> Examined:
    """What was found of something that a run can do without."""
    return replace(found, health="note") if found.health == "fault" else found


async def _role(
    name: str,
    role: RoleName,
    given: RoleSettings,
    endpoints: dict[str, Endpoint],
    environ: Mapping[str, str],
    library: ModelLibrary,
) -> Examined:
    """Whether a role's model can be used; its endpoint is put among the others, under a name."""
    subject = f"role {name}"
    try:
        server = server_of(given, environ)
        if server is None:
            return _embedded(subject, given.name, library)
        patience = Patience(role, 0.0, lambda _: None, server.secrets)
        endpoint = await connect(role, given, server, given.name, patience)
    except NovelcraftError as error:
        return _fault(subject, error)
    endpoints[name] = endpoint
    adapter = f" with {endpoint.adapter}" if endpoint.adapter else ""
    context = f", context {endpoint.context:,}" if endpoint.context else ""
    return Examined(subject, "ok", f"{endpoint.model}{adapter} at {server.url}{context}")


def _embedded(subject: str, name: str, library: ModelLibrary) -> Examined:
    if name == AUTO and library.best_installed() is None:
        return Examined(subject, "note", "the small embedded model is fetched at the first write")
    model = library.ensure(name)
    return Examined(subject, "ok", f"{model.name} on this machine, {model.size / 1e9:.1f} GB")


def _narrator(
    settings: Settings, endpoints: Mapping[str, Endpoint], library: ModelLibrary
) -> Iterator[Examined]:
    """The adapters, the layout, and whether its longest call fits each model's context."""
    try:
        notices = check_embedded(settings)
        notices += check_served(settings, [endpoints[r] for r in ROLES if r in endpoints])
        narrator = endpoints.get("narrator")
        preset, known = known_preset(settings, narrator, library)
        asked = with_history(preset, settings, narrator.context if narrator else 0, known).layout
    except NovelcraftError as error:
        yield _fault("narrator", error)
        return
    yield from (Examined("adapters", "note", text) for text in notices)
    yield Examined("layout", "ok", f"{asked.note}, scenes of {preset.scene_words} words")
    for name, endpoint in endpoints.items():
        fallback = name not in ROLES
        try:
            if fallback:
                for text in check_served(settings, [endpoint]):
                    yield Examined(f"model of {name}", "note", text)
            check_needs(endpoint, [narrator_call(preset)._replace(role=endpoint.role)])
        except NovelcraftError as error:
            found = _fault(f"model of {name}", error)
            yield _dispensable(found) if fallback else found


def known_preset(
    settings: Settings, narrator: Endpoint | None, library: ModelLibrary
) -> tuple[SizePreset, Layout | None]:
    """The preset that a run would work by, as far as it is known before models are opened.

    With the layout that the narrator's adapter was trained on; None where none is known.

    Args:
        settings: The settings.
        narrator: Where its calls go; None for the embedded engine, or a server that is not there.
        library: The embedded models.

    Raises:
        BudgetError, ConfigError: The settings contradict each other, or the adapter's layout.
    """
    settings = with_house_narrator(settings, library)
    given = settings.roles.narrator
    best = library.best_installed() if given.provider == "embedded" else None
    name = best.name if best and given.name == AUTO else given.name
    layout = trained_layout(settings, narrator).layout
    return resolve(settings, name, layout), layout


def _embedder(settings: Settings) -> Examined:
    if settings.write.embedding == "minilm" and not minilm_ready():
        return Examined("passage search", "note", "its weights are fetched at the first write")
    return Examined("passage search", "ok", f"by {settings.write.embedding}")


def _pandoc() -> Examined:
    try:
        with tempfile.TemporaryDirectory() as scratch:
            told = run_pandoc("", ["--version"], folder=Path(scratch)).content.decode()
    except NovelcraftError as error:
        return _fault("export", error)
    return Examined("export", "ok", told.partition("\n")[0])


def _pdf() -> Examined:
    found = next(filter(shutil.which, PDF_ENGINES), None)
    if found is None:
        return Examined(
            "PDF", "note", f"no engine, so no PDF; any of {', '.join(PDF_ENGINES)} will do"
        )
    return Examined("PDF", "ok", found)


def _space(folder: Path) -> Examined:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        return Examined("disk", "fault", f"{free / 1e6:,.0f} MB free", "Free some space.")
    return Examined("disk", "ok", f"{free / 1e9:,.1f} GB free")


async def _novel(novel: Novel) -> AsyncIterator[Examined]:
    """The chain of every branch, and what follows from it."""
    try:
        yield _chain(novel)
        with ProjectLock(novel.folder):
            for branch in novel.store.branches():
                for found in _files(novel, branch, novel.store.chain(branch.head)):
                    yield found
            yield _index(novel)
            yield await _checkpoints(novel)
    except ProjectBusyError as error:
        yield Examined("files", "note", f"{error.message} They were not looked at.")
    except NovelcraftError as error:
        yield _fault("novel", error)


def _chain(novel: Novel) -> Examined:
    faults = novel.store.faults()
    if faults:
        return Examined(
            "chain",
            "fault",
            f"{counted(len(faults), 'thing')} in novel.db cannot be as it was stored",
            f"See what, and bring it back: novelcraft verify {quoted(novel.folder)}",
        )
    scenes = sum(len(novel.store.commit_ids(b.head)) for b in novel.store.branches())
    return Examined("chain", "ok", f"{counted(scenes, 'scene')}, all as they were stored")


_OF_FILE: dict[FileState, tuple[Health, str]] = {
    "current": ("ok", "is the chain's text"),
    "missing": ("note", "is not there; it is made again with the next scene"),
    "behind": ("note", "is of an earlier scene; it is renewed with the next one"),
    "edited": (
        "note",
        "was edited by hand, which the book does not know of; it is kept aside when it is renewed. "
        "A change of the book itself goes in with novelcraft edit",
    ),
}


def _files(novel: Novel, branch: Branch, chain: list[SceneCommit]) -> Iterator[Examined]:
    path = manuscript_path(novel.folder, branch.name)
    # What an edit left behind is a branch too, which nobody writes on.
    if not chain or (branch.name != MAIN and not path.exists()):
        return
    health, told = _OF_FILE[manuscript_state(path, chain[-1])]
    yield Examined(path.name, health, told)
    if any(exports_folder(novel.folder, branch.name).glob("*.epub")):
        again = f"novelcraft export {quoted(novel.folder)}"
        again += "" if branch.name == MAIN else f" --branch {branch.name}"
        if novel.is_finished(branch.name):
            yield Examined(f"exports of {branch.name}", "ok", "of the finished book")
        else:
            yield Examined(f"exports of {branch.name}", "note", f"of another state; {again}")


def _index(novel: Novel) -> Examined:
    subject = "passage index"
    kind = novel.settings.write.embedding
    # The last scene is brought in while the next one is narrated: that needs only its end.
    chains = (novel.store.chain(branch.head)[:-1] for branch in novel.store.branches())
    commits = list({commit.id: commit for chain in chains for commit in chain}.values())
    if kind == "minilm" and not minilm_ready():
        return Examined(subject, "note", "it cannot be read before its weights are fetched")
    if not (novel.folder / INDEX_FOLDER).is_dir():
        return Examined(subject, "note", "none yet; it is made with the first scene")
    index = PassageIndex(novel.folder / INDEX_FOLDER, open_embedder(kind))
    try:
        missing = index.missing(commits)
    finally:
        index.close()
    if missing:
        them = "it" if missing == 1 else "them"
        text = f"{counted(missing, 'scene')} missing; the next write brings {them} in"
        return Examined(subject, "note", text)
    return Examined(subject, "ok", "holds all scenes but the last of each branch")


async def _checkpoints(novel: Novel) -> Examined:
    async with open_checkpoints(novel.folder, novel.store) as checkpoints:
        graph = build_write_graph(checkpoints)
        names = [b.name for b in novel.store.branches()]
        going = [name for name in names if await resumable(graph, novel.store, name)]
    if going:
        return Examined("next write", "ok", f"goes on with the step in flight: {', '.join(going)}")
    return Examined("next write", "ok", "goes on from the chain")
