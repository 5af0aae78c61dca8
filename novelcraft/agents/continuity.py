"""The continuity checker: what a scene says against what was true before it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, Field

from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.findings import Finding
from novelcraft.tools.models.schemas import bounded, likely_tokens, make_schema, strict_list, tidy

CHECK = "continuity.contradiction"
MAX_FINDINGS = 3


class ContinuityInput(Frozen):
    """A scene, and what was true before it."""

    prose: str = Field(min_length=1)
    known: tuple[str, ...]
    """What was true before, a sentence each, the newest last, of which the first are left out where
    there is no room for all; with none, no model is asked."""


class ContinuityOutput(Frozen):
    """The contradictions that were found."""

    findings: tuple[Finding, ...]
    """They warn: a model's opinion blocks only where a person says so."""


def _ever_fewer(known: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """All, then half as many again and again: the last ones, which are the newest."""
    while known:
        yield known
        known = known[(len(known) + 1) // 2 :]


def _contradictions_schema(chars: int) -> type[BaseModel]:
    item = make_schema("Contradiction", quote=bounded(chars), problem=bounded(chars))
    return make_schema("ContinuityAnswer", contradictions=strict_list(item, 0, MAX_FINDINGS))


async def check_continuity(given: ContinuityInput, session: AgentSession) -> ContinuityOutput:
    """Contradictions between a scene and what is known, each with the words that show it.

    A contradiction whose quote is not in the scene is no evidence and is dropped.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    if not given.known:
        return ContinuityOutput(findings=())
    chars = session.preset.field_chars
    schema = _contradictions_schema(chars)
    prompts = (
        load_template("continuity").render(scene=given.prose, known=known)
        for known in _ever_fewer(given.known)
    )
    messages, _ = await session.fitting("cheap", prompts, likely_tokens(schema))
    answer = await session.ask("cheap", "scene.continuity", messages, schema)
    return ContinuityOutput(
        findings=tuple(
            Finding(
                check=CHECK,
                severity="warn",
                message=tidy(contradiction["problem"]),
                evidence=(contradiction["quote"],),
                constraint=f"Do not contradict this: {tidy(contradiction['problem'])}",
            )
            for contradiction in answer.model_dump()["contradictions"]
            if contradiction["quote"] in given.prose
        )
    )
