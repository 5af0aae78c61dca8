"""A small novel in its database and what a run would give its nodes, to call them one by one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, cast

from langgraph.runtime import Runtime

from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.state.acts import Act, ActRecord
from novelcraft.state.events import WriteEvent
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories

PLAN = factories.plan(chapters=2, scenes_each=2)


@dataclass
class Bench:
    """A branch of four scenes, some of them written, and the context of its run."""

    context: WriteContext
    events: list[WriteEvent]

    @property
    def store(self) -> ManuscriptStore:
        return self.context.store

    @property
    def runtime(self) -> WriteRuntime:
        return Runtime(context=self.context)

    def waiting(self, **changes: Any) -> WriteRuntime:
        """The runtime of a run with other values in its context."""
        return Runtime(context=replace(self.context, **changes))

    def state(self, **changes: Any) -> WriteState:
        """The state before the next scene's first draft."""
        branch = self.store.branch("main")
        written = len(self.store.commit_ids(branch.head))
        scene = PLAN.scenes[min(written, 3)]
        state: dict[str, Any] = {
            "branch": "main",
            "head": branch.head,
            "plan_version": branch.plan_version,
            "position": written,
            "total": 4,
            "scene_id": scene.id,
            "target_words": 120,
            "attempt": 1,
        }
        return cast(WriteState, {**state, **changes})

    def write(self, **changes: Any) -> SceneCommit:
        """Put another scene into the chain."""
        return write_next(self.store, **changes)

    def leave(self, act: Act) -> int:
        return self.store.put_act(act, branch="main", by="").id

    def act(self, number: int) -> ActRecord:
        return self.store.act(number)

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.kind == kind]


OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]


def write_next(store: ManuscriptStore, **changes: Any) -> SceneCommit:
    chain = store.chain(store.branch("main").head)
    scene = PLAN.scenes[len(chain)]
    parent = chain[-1] if chain else None
    given = {"scene_id": scene.id, "chapter_id": scene.chapter, **changes}
    return store.commit("main", factories.commit(len(chain) + 1, parent, **given))
