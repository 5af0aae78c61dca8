"""The continuity checker: what a scene says against what was true before it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import create_model

from novelcraft.config.presets import SizePreset
from novelcraft.prompts.loader import load_template
from novelcraft.state.findings import Finding, Severity
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.schemas import bounded, strict_list, tidy

CHECK = "continuity.contradiction"
MAX_FINDINGS = 3


async def check_continuity(
    caller: Caller,
    preset: SizePreset,
    *,
    step: str,
    prose: str,
    known: Sequence[str],
    severity: Severity = "warn",
) -> tuple[Finding, ...]:
    """Contradictions between a draft and what is known as of its parent.

    A contradiction whose quote is not in the draft is no evidence and is dropped.

    Args:
        caller: The models and the novel's seed.
        preset: Bounds of the answer.
        step: Name of the step for the call log.
        prose: The draft.
        known: What was true before, a sentence each; with none, no model is asked.
        severity: What a finding counts as. A model's opinion warns unless a person lets it block.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    if not known:
        return ()
    chars = preset.field_chars
    item = create_model("Contradiction", quote=(bounded(chars), ...), problem=(bounded(chars), ...))
    schema = create_model(
        "ContinuityAnswer", contradictions=(strict_list(item, 0, MAX_FINDINGS), ...)
    )
    answer = await caller.ask(
        "cheap",
        "scene.continuity",
        step,
        load_template("continuity").render(scene=prose, known=known),
        schema,
        max_tokens=preset.answer_tokens(MAX_FINDINGS * (2 * chars + 40)),
    )
    return tuple(
        Finding(
            check=CHECK,
            severity=severity,
            message=tidy(found["problem"]),
            evidence=(found["quote"],),
            constraint=f"Do not contradict this: {tidy(found['problem'])}",
        )
        for found in answer.model_dump()["contradictions"]
        if found["quote"] in prose
    )
