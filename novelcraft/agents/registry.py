"""All agents: what each is called, what it takes and gives, and how it is run.

One row an agent, for whoever offers them to others: a command line, a tool of another program, a
page of documentation. An agent takes one pydantic object, and beside it a session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from novelcraft.agents.answerer import AnswerOutput, QuestionInput, answer_question
from novelcraft.agents.archivist import FactsInput, FactsOutput, extract_facts
from novelcraft.agents.brief_writer import BriefInput, infer_brief
from novelcraft.agents.continuity import ContinuityInput, ContinuityOutput, check_continuity
from novelcraft.agents.narrator import Narration, NarrationInput, narrate
from novelcraft.agents.planner import (
    BookRequest,
    ChapterInput,
    Outline,
    OutlineInput,
    Story,
    plan_chapter_scenes,
    plan_outline,
    plan_story,
)
from novelcraft.agents.planner.scenes import ChapterScenes
from novelcraft.agents.session import AgentSession
from novelcraft.agents.splitter import BreaksInput, BreaksOutput, find_breaks
from novelcraft.agents.summarizer import (
    BookSummaryInput,
    BookSummaryOutput,
    PartSummaryInput,
    SummaryInput,
    SummaryOutput,
    summarize,
    summarize_part,
    update_summary,
)
from novelcraft.agents.world_builder import WorldInput, build_world
from novelcraft.config.settings import RoleName
from novelcraft.state.books import BookWorld, SceneBriefText


@dataclass(frozen=True)
class Agent:
    """One agent."""

    name: str
    """Unique: `check_continuity`."""
    description: str
    """What it does, in a sentence."""
    role: RoleName
    """Whose model it asks."""
    input: type[BaseModel]
    output: type[BaseModel]
    run: Callable[[Any, AgentSession], Awaitable[BaseModel]]
    """Takes an `input` and gives an `output`, or raises an error of `novelcraft.errors`."""


AGENTS: tuple[Agent, ...] = (
    Agent(
        "plan_story",
        "Makes the core of a story, its world and its cast from a premise.",
        "reasoning",
        BookRequest,
        Story,
        plan_story,
    ),
    Agent(
        "plan_outline",
        "Parts a story into acts and chapters, with hooks that are planted and paid off.",
        "reasoning",
        OutlineInput,
        Outline,
        plan_outline,
    ),
    Agent(
        "plan_chapter",
        "Writes the scene briefs of one chapter.",
        "reasoning",
        ChapterInput,
        ChapterScenes,
        plan_chapter_scenes,
    ),
    Agent(
        "narrate",
        "Writes a scene from a narrator's prompt.",
        "narrator",
        NarrationInput,
        Narration,
        narrate,
    ),
    Agent(
        "check_continuity",
        "Finds contradictions between a scene and what was true before it, with quotes.",
        "cheap",
        ContinuityInput,
        ContinuityOutput,
        check_continuity,
    ),
    Agent(
        "extract_facts",
        "Finds the facts that a scene makes true, with quotes.",
        "cheap",
        FactsInput,
        FactsOutput,
        extract_facts,
    ),
    Agent(
        "summarize",
        "Rolls the story so far on by a scene.",
        "cheap",
        SummaryInput,
        SummaryOutput,
        summarize,
    ),
    Agent(
        "summarize_part",
        "Tells in short what a whole chapter or act tells.",
        "cheap",
        PartSummaryInput,
        SummaryOutput,
        summarize_part,
    ),
    Agent(
        "summarize_book",
        "Rolls the story so far of a published book on by a scene, with deaths and pinned facts.",
        "cheap",
        BookSummaryInput,
        BookSummaryOutput,
        update_summary,
    ),
    Agent(
        "split_scenes",
        "Finds the paragraphs of a chapter with which a new scene begins.",
        "cheap",
        BreaksInput,
        BreaksOutput,
        find_breaks,
    ),
    Agent(
        "build_world",
        "Reads the world and the people of a book out of its text.",
        "reasoning",
        WorldInput,
        BookWorld,
        build_world,
    ),
    Agent(
        "answer_question",
        "Answers a question about a book from its own sentences, or says that it does not say.",
        "reasoning",
        QuestionInput,
        AnswerOutput,
        answer_question,
    ),
    Agent(
        "infer_brief",
        "Writes the brief that a scene could have been written from.",
        "cheap",
        BriefInput,
        SceneBriefText,
        infer_brief,
    ),
)
