"""Tools that ask no model: recall, the deterministic checks, the style score."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from novelcraft.doors.desk import Desk
from novelcraft.doors.loose_plan import loose_plan
from novelcraft.doors.places import AfterScene, BeforeScene
from novelcraft.state.base import Frozen
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import count_words
from novelcraft.state.style import NoScore, StyleScore
from novelcraft.tools.canon.search import ProseSearch
from novelcraft.tools.checks import CheckInput, check_scene
from novelcraft.tools.metrics.style import profile_of, style_score


class RecallInput(AfterScene):
    """What is wanted of a novel."""

    about: str = Field(min_length=1)
    """People, things, places or a whole brief."""
    most: int = Field(default=12, ge=1, le=100)


class RecalledNote(Frozen):
    """A sentence of the book."""

    scene: int
    text: str


class RecallOutput(Frozen):
    """What the book says of it, as of that scene."""

    facts: tuple[str, ...]
    """The latest last."""
    sentences: tuple[RecalledNote, ...]
    """In the book's order."""


async def _recall(given: RecallInput, desk: Desk) -> RecallOutput:
    view = desk.require_view(given.novel, given.branch, after=given.after)
    search = ProseSearch(view.chain)
    found = sorted(search.find(given.about, given.most))
    search.close()
    return RecallOutput(
        facts=tuple(view.facts(given.about)[-given.most :]),
        sentences=tuple(RecalledNote(scene=s.position, text=s.text) for s in found),
    )


class CheckInputs(BeforeScene):
    """A scene for the deterministic checks."""

    prose: str = Field(min_length=1)
    words: int = Field(default=0, ge=0)
    """The length that it should have; 0 takes the plan's, or its own."""
    point_of_view: str = ""
    """Name of the person whom it follows; empty takes the plan's, or is not checked."""
    style: str = ""
    """Person and tense, as `third person, past tense`; empty takes the plan's."""
    language: str = "en"


class CheckOutput(Frozen):
    """What the checks found; nothing is a good sign."""

    findings: tuple[Finding, ...]
    passed: bool
    """Whether nothing that was found blocks."""


async def _check(given: CheckInputs, desk: Desk) -> CheckOutput:
    view = desk.view(given.novel, given.branch, before=given.scene)
    session_preset = desk.preset(view)
    plan = view.plan if view else loose_plan(given.point_of_view, given.style, given.language)
    brief = (view.coming if view else None) or plan.scenes[-1]
    words = given.words or (brief.target_words if view else count_words(given.prose))
    findings = check_scene(
        CheckInput(
            prose=given.prose,
            finish_reason="stop",
            brief=brief,
            plan=plan,
            preset=session_preset,
            target_words=max(1, words),
            prompt="",
            earlier=[c.prose for c in view.chain] if view else [],
        ),
        view.novel.store.exemptions() if view else (),
    )
    if not view and not given.point_of_view:
        findings = tuple(f for f in findings if f.check != "prose.pov")
    return CheckOutput(findings=findings, passed=all(f.severity != "block" for f in findings))


class StyleInput(Frozen):
    """A text, and samples of the writer whom it is held against."""

    prose: str = Field(min_length=1)
    samples: tuple[str, ...] = Field(min_length=1)
    """5,000 words of the writer and more, in any number of pieces."""


class StyleOutput(Frozen):
    """How near it comes, or why that cannot be said."""

    score: StyleScore | None = None
    why_not: str = ""


async def _style(given: StyleInput, _desk: Desk) -> StyleOutput:
    found = style_score(given.prose, profile_of(given.samples))
    if isinstance(found, NoScore):
        return StyleOutput(why_not=found.message)
    return StyleOutput(score=found)


ROWS: tuple[tuple[str, str, type[BaseModel], type[BaseModel], Any], ...] = (
    (
        "recall",
        "Finds what a novel says about people, things or places, as of a scene.",
        RecallInput,
        RecallOutput,
        _recall,
    ),
    (
        "check",
        "Runs the deterministic checks over a scene: cut off, looping, leaking, assistant talk.",
        CheckInputs,
        CheckOutput,
        _check,
    ),
    (
        "style_score",
        "Says how near a text comes to a writer's style, from 0 to 100.",
        StyleInput,
        StyleOutput,
        _style,
    ),
)
"""Rows of the catalogue: name, description, input, output and what runs."""
