"""Nodes that read a draft: continuity, summary and facts side by side, then the judge."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import islice
from typing import Any

from novelcraft.agents.archivist import FactsInput, extract_facts
from novelcraft.agents.continuity import ContinuityInput, check_continuity
from novelcraft.agents.summarizer import SummaryInput, summarize
from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.graphs.attempts import count_ahead
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.nodes.scene import plan_of, reviewed
from novelcraft.prompts.world import root_summary
from novelcraft.state.findings import Finding, Severity, blocking
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import Draft
from novelcraft.state.steps import call_step
from novelcraft.tools.checks import check_summary

KNOWN_FACTS = 12
"""Facts that the continuity agent compares a draft with."""


async def read_continuity(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Contradictions with what was true before, by the continuity agent."""
    context = runtime.context
    draft = reviewed(state, context)
    given = ContinuityInput(prose=draft.prose, known=tuple(_known(state, context, draft)))
    found = await check_continuity(given, context.session(draft.id))
    severity: Severity = "block" if context.write.continuity_blocks else "warn"
    exempt = context.store.exemptions()
    kept = tuple(
        f.model_copy(update={"severity": severity}) for f in found.findings if f.key not in exempt
    )
    context.store.update_draft(draft.id, continuity=kept)
    return {}


def _known(state: WriteState, context: WriteContext, draft: Draft) -> list[str]:
    plan = plan_of(state, context)
    brief = plan.scene(draft.scene_id)
    names = {n.casefold() for name in plan.names(brief.present) for n in name.split()}
    newest = (fact for _, fact in reversed(context.store.facts_as_of(draft.parent)))
    about = (f for f in newest if names & set(f.subject.casefold().split()))
    found = [f"{f.subject}: {f.statement}" for f in islice(about, KNOWN_FACTS)][::-1]
    return [*ActsInForce(context.store, state["branch"]).pinned, *found]


async def write_summary(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """The rolling summary after the draft; asked for once more when its check warns.

    Meanwhile tokens of the draft are counted that the next scene needs.
    """
    context = runtime.context
    draft = reviewed(state, context)
    context.background.defer(partial(asyncio.to_thread, count_ahead, draft.prose, context))
    context.background.start()
    plan = plan_of(state, context)
    before = context.store.get(draft.parent).summary if draft.parent else root_summary(plan.cast)
    names = plan.names(plan.scene(draft.scene_id).present)
    tries = []
    for n in (1, 2):
        given = SummaryInput(prose=draft.prose, summary=before, names=names)
        text = (await summarize(given, context.session(call_step(draft.id, n)))).summary
        tries.append((len(summary_findings(state, context, draft, text)), n, text))
        if not tries[-1][0]:
            break
    context.store.update_draft(draft.id, summary=min(tries)[2])
    return {}


def summary_findings(
    state: WriteState, context: WriteContext, draft: Draft, summary: str
) -> tuple[Finding, ...]:
    """What the summary's check says; it warns and never blocks."""
    plan = plan_of(state, context)
    return check_summary(
        summary, plan.scene(draft.scene_id), plan, max_words=context.preset.summary_words
    )


async def read_facts(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """The facts that the draft would add to the canon."""
    context = runtime.context
    draft = reviewed(state, context)
    found = await extract_facts(FactsInput(prose=draft.prose), context.session(draft.id))
    context.store.update_draft(draft.id, facts=found.facts)
    return {}


async def judge(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Accept the draft, or send it back for what its readers found."""
    context = runtime.context
    draft = reviewed(state, context)
    attempts_left = state["attempt"] < context.write.attempts
    sent_back = blocking(draft.continuity or ()) and not state.get("by_person")
    if sent_back and attempts_left:
        return {"verdict": "redraft", "attempt": state["attempt"] + 1}
    return {"verdict": "commit"}
