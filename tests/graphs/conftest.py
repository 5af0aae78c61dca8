"""A novel on a fake server, small enough to be written in seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.root import Settings
from novelcraft.graphs.folder import make_folder
from novelcraft.graphs.novel import Novel, OpenStore
from novelcraft.graphs.session import writing_context
from novelcraft.graphs.steering import gate_text
from novelcraft.state.acts import Act, ActRecord, Approve, Reject, Stop
from novelcraft.state.events import ActSettled, Gate, RunFinished, Waiting, WriteEvent
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.models.opening import open_models
from tests.fakes.server import FakeServer
from tests.graphs.bench import PLAN, Bench, OpenBench, write_next

PREMISE = "A lighthouse keeper finds that the sea answers letters"

NAMES = ("Elias Marrow", "Anna Veil", "Tom Reed", "Ida Penn")
CAST = [
    {
        "name": name,
        "role": f"the keeper of lamp {name.split()[0]}",
        "want": f"{name.split()[0]} wants to find the missing page",
        "flaw": f"{name.split()[1]} never listens to advice",
        "voice": f"speaks like an old {name.split()[1].lower()}",
        "knows": f"where {name.split()[0]} hid a rusty key",
    }
    for name in NAMES
]


def settings(server: FakeServer, **sections: dict[str, Any]) -> Settings:
    """Nine scenes of some 120 words in three chapters, all roles on one server."""
    role = {"model": "openai:fake-model", "base_url": server.base_url}
    given: dict[str, dict[str, Any]] = {
        "novel": {"premise": PREMISE, "pages": 4, "title": "The Sea"},
        "write": {"preset": "small", "scene_words": 120, "embedding": "hash", "attempts": 2},
        "roles": {"reasoning": role, "narrator": role, "cheap": role},
    }
    for name, section in sections.items():
        given[name] = {**given.get(name, {}), **section}
    return Settings.model_validate(given)


@dataclass(frozen=True)
class GateRequest:
    """What a person at a gate sees."""

    gate: Gate
    about: str
    text: str


@dataclass(frozen=True)
class Decision:
    """What a person says at a gate."""

    action: str
    note: str = ""

    @property
    def act(self) -> Act:
        says: dict[str, Act] = {
            "accept": Approve(),
            "redraw": Reject(note=self.note),
            "stop": Stop(),
        }
        return says[self.action]


Decide = Callable[[GateRequest], Decision]


@dataclass
class Desk:
    """A novel, and the events that its runs sent."""

    novel: Novel
    events: list[WriteEvent] = field(default_factory=list)

    async def write(
        self, *, branch: str = "main", until: int | None = None, decide: Decide | None = None
    ) -> RunFinished | None:
        def listen(event: WriteEvent) -> None:
            self.events.append(event)
            if decide is not None:
                self._answer(event, branch, decide)

        return await self.novel.write(
            on_event=listen, branch=branch, until=until, wait=decide is not None
        )

    def _answer(self, event: WriteEvent, branch: str, decide: Decide) -> None:
        """Say what a person says who sees the gate, or why an answer was refused."""
        store = self.novel.store
        if isinstance(event, Waiting):
            text = gate_text(store, branch, event.gate)
        elif isinstance(event, ActSettled) and (event.what, event.status) == ("reject", "refused"):
            text = event.reason
        else:
            return
        gate = self.of("waiting")[-1]
        said = decide(GateRequest(gate.gate, gate.about, text))
        store.put_act(said.act, branch=branch, by="")

    async def do(self, act: Act) -> ActRecord:
        """Have an act done now, on a novel that nobody writes."""
        return await self.novel.steer(act, on_event=self.events.append)

    def chain(self, branch: str = "main") -> list[SceneCommit]:
        return self.novel.store.chain(self.novel.store.branch(branch).head)

    def of(self, kind: str) -> list[Any]:
        return [e for e in self.events if e.kind == kind]


OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    """Opens novels in folders of their own; closes them at the test's end."""
    with ExitStack() as opened:

        def make(
            server: FakeServer,
            folder: str = "novel",
            open_store: OpenStore | None = None,
            **sections: dict[str, Any],
        ) -> Desk:
            path, chosen = tmp_path / folder, settings(server, **sections)
            if open_store is None:
                return Desk(opened.enter_context(Novel.create(path, chosen)))
            make_folder(path, chosen)
            novel = Novel.open(path, environ={}, open_store=open_store)
            return Desk(opened.enter_context(novel))

        yield make


@pytest.fixture
def open_bench(fake_server: FakeServer, open_desk: OpenDesk) -> OpenBench:
    """Opens a novel with that many scenes written, for nodes that are called one by one."""

    @asynccontextmanager
    async def opened(
        scenes: int = 2,
        plan: Plan = PLAN,
        server: FakeServer = fake_server,
        **sections: dict[str, Any],
    ) -> AsyncIterator[Bench]:
        novel = open_desk(server, **sections).novel
        novel.store.add_plan("main", plan)
        for _ in range(scenes):
            write_next(novel.store)
        events: list[WriteEvent] = []
        async with writing_context(
            novel.folder,
            novel.settings,
            novel.store,
            open_models,
            branch="main",
            emit=events.append,
        ) as context:
            events.clear()
            yield Bench(context, events)

    return opened
