"""Nodes after a scene is accepted: commit it, renew what is derived."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.exporting import written
from novelcraft.graphs.manuscript import renew_manuscript
from novelcraft.graphs.nodes.review import summary_findings
from novelcraft.graphs.nodes.scene import plan_of, reviewed
from novelcraft.state.acts import ChooseDraft
from novelcraft.state.events import Notice, SceneCommitted, StepStarted
from novelcraft.state.findings import blocking
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import AcceptedBy, Draft, SceneCommit
from novelcraft.state.plan import Plan


def make_commit(
    state: WriteState, context: WriteContext, draft: Draft, accepted_by: AcceptedBy
) -> SceneCommit:
    """The commit that a reviewed draft becomes. The same draft gives the same commit."""
    plan = plan_of(state, context)
    before = context.store.get(draft.parent).position if draft.parent else 0
    summary = draft.summary or ""
    return SceneCommit(
        parent=draft.parent,
        position=before + 1,
        scene_id=draft.scene_id,
        chapter_id=plan.scene(draft.scene_id).chapter,
        plan_version=state["plan_version"] or plan.version,
        prose=draft.prose,
        summary=summary,
        facts=draft.facts or (),
        findings=draft.all_findings + summary_findings(state, context, draft, summary),
        accepted_by=accepted_by,
        provenance=draft.provenance,
    )


def accepted_by(state: WriteState, draft: Draft) -> AcceptedBy:
    """Who lets the draft in: a person, its checks, or the cap on attempts."""
    if state.get("by_person"):
        return "person"
    return "cap" if blocking(draft.all_findings) else "checks"


async def commit_scene(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Write the scene into the chain, in one transaction. Running it again is harmless."""
    context = runtime.context
    context.emit(StepStarted(step="commit"))
    draft = reviewed(state, context)
    commit = context.store.commit(
        state["branch"], make_commit(state, context, draft, accepted_by(state, draft))
    )
    plan = plan_of(state, context)
    context.emit(
        SceneCommitted(
            commit=commit.id,
            scene_id=commit.scene_id,
            position=commit.position,
            scenes=len(plan.scenes),
            words=commit.words,
            words_total=context.store.words_written(commit.id),
            target_words=plan.target_words,
            accepted_by=commit.accepted_by,
            attempts=state["attempt"],
        ),
    )
    last_of_chapter = plan.scenes_of(commit.chapter_id)[-1].id == commit.scene_id
    return {
        "head": commit.id,
        "position": commit.position,
        "total": len(plan.scenes),
        "chapter_ended": last_of_chapter,
        "draw": 0,
        "note": "",
        "attempt": 1,
        "capped_in_row": state.get("capped_in_row", 0) + 1 if commit.accepted_by == "cap" else 0,
        "until": context.until,
        "attend": list(context.write.attend),
    }


async def derive(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Have what is derived from the chain renewed, and drop the drafts of scenes long committed."""
    context = runtime.context
    commit = context.store.get(state["head"] or "")
    await context.background.finished()
    # As the branch stands now: at a gate a person may have the scene drawn again.
    plan, chain = written(context.store, state["branch"])
    context.background.defer(partial(context.index.sync, chain))
    context.background.defer(partial(_renew, context, state["branch"], plan, chain))
    pending = context.store.acts(state["branch"], "pending")
    chosen = [record.act.draft for record in pending if isinstance(record.act, ChooseDraft)]
    context.store.delete_drafts(state["branch"], keep_parent=commit.parent, keep=chosen)
    return {}


async def renew_text(context: WriteContext, branch: str) -> None:
    """Renew the branch's `manuscript.md`, and tell of a person's edits that it held."""
    await context.background.finished()
    await _renew(context, branch, *written(context.store, branch))


async def _renew(
    context: WriteContext, branch: str, plan: Plan, chain: Sequence[SceneCommit]
) -> None:
    notice = await asyncio.to_thread(
        renew_manuscript,
        context.folder,
        branch,
        plan,
        chain,
        context.novel,
        context.manuscript_hash,
    )
    if notice is not None:
        context.emit(Notice(text=notice))
