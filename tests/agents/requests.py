"""What every agent asks a model, as text: role, purpose, bounds, schema and prompt of each call.

python -m tests.agents.requests      # writes tests/agents/golden anew, after a change on purpose
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from novelcraft.agents.registry import AGENTS
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SMALL, STANDARD, SizePreset
from novelcraft.config.root import Settings
from novelcraft.state.calls import CallRecord
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.opening import open_models
from tests.fakes import script as s
from tests.fakes.chat import ChatRequest
from tests.fakes.server import FakeServer

GOLDEN = Path(__file__).parent / "golden"
ROLES = ("reasoning", "narrator", "cheap")

PROSE = "Elias Marrow lit the lamp. “It is late,” said Anna Veil. The sea said nothing."
BOOK = {
    "premise": "A keeper finds that the sea answers letters.",
    "style": "first person, past tense",
    "wish": "More of the sea.",
    "target_words": 20_000,
}
CAST = [
    {"name": name, "role": role, "want": want, "flaw": "is proud of it", "voice": "speaks slowly",
     "knows": f"where {name.split()[0]} hid the key"}
    for name, role, want in (
        ("Elias Marrow", "the keeper of the light", "wants an answer from the sea"),
        ("Anna Veil", "the girl from the post office", "wants to see the capital"),
        ("Tom Reed", "the pilot of the harbour", "wants his brother's boat back"),
        ("Ida Penn", "the widow on the hill", "wants to be left in peace"),
        ("Jude Carr", "the doctor of the coast", "wants proof that he was right"),
        ("Nell Ashby", "the bell founder", "wants the bell to ring"),
        ("Owen Pike", "the lamp inspector", "wants the log to be in order"),
    )
]  # fmt: skip
CORE = {
    "title": "The Answering Sea",
    "logline": "A keeper who lost his wife writes to the sea until it answers.",
    "themes": ["grief", "hope"],
    "tone": "quiet and strange",
    "style": "plain past tense",
    "ending": "He stops writing and lets the lamp go out for one night.",
}
WORLD: dict[str, Any] = {
    "text": "A rock off the coast in 1890, where the sea answers letters that are thrown in.",
    "places": [
        "the lighthouse",
        "the post office",
        "the chapel",
        "the slip",
        "the inn",
        "the reef",
        "the pier",
    ],
}
AUTHORED: dict[str, Any] = {
    "people": [{"name": "Elias Marrow", "text": "He keeps\nthe light."}, {"name": "Anna Veil"}],
    "people_notes": "All of them are poor.",
    "chapters": [
        {"title": "The Letter", "summary": "He throws it in."},
        {"title": "The Reply"},
        {"title": "The Reef", "scenes": ["He rows out.", "He turns back."]},
    ],
    "must_happen": "The lamp goes out.",
}
"""What an author has of a book, but for its world."""
MEMBERS = [{"id": f"c{n}", **member} for n, member in enumerate(CAST[:2], 1)]
STORY = {"core": CORE, "world": WORLD, "cast": MEMBERS}
CHAPTER = {
    "id": "ch02", "number": 2, "title": "The Reply", "act": 1, "summary": "The sea writes back.",
    "target_words": 2_000,
}  # fmt: skip
CHAPTER_REQUEST = {
    "chapter": CHAPTER,
    "chapters": 3,
    "first_scene": 2,
    "before": "He throws the first letter in.",
    "after": "He goes down to the reef.",
    "scene_ids": ["s003", "s004"],
    "cast": MEMBERS,
    "places": WORLD["places"][:2],
    "logline": CORE["logline"],
    "hooks": [
        {"text": "The lamp goes out at midnight.", "plant_chapter": 1, "payoff_chapter": 2},
        {"text": "The letter has no stamp.", "plant_chapter": 2, "payoff_chapter": 3},
        {"text": "The bell is cracked.", "plant_chapter": 1, "payoff_chapter": 3},
    ],
}
PROMPT = {
    "messages": [
        {"role": "system", "content": "You are a novelist."},
        {"role": "user", "content": "Write the next scene. Elias Marrow is there. About 60 words."},
    ],
    "sections": [],
    "template_hash": "0" * 64,
}


def sketches(request: ChatRequest) -> list[dict[str, Any]]:
    """Chapters or scenes, as many as the schema asks for, no two alike."""
    items = next(iter((request.schema or {})["properties"].values()))
    return [{"title": f"Letter {n} of {request.number}", "summary": f"Letter {n} of call "
             f"{request.number} reaches the bottom of the sea and is read there."}
            for n in range(1, items["minItems"] + 1)]  # fmt: skip


def hooks(request: ChatRequest) -> list[dict[str, str]]:
    items = (request.schema or {})["properties"]["hooks"]
    return [
        {"text": f"The {what} is not where it was.", "plant_chapter": "1", "payoff_chapter": "3"}
        for what in ("key", "lamp", "oar", "bell", "boat", "shawl", "log", "map")[
            : items["minItems"]
        ]
    ]


def listed(request: ChatRequest, values: list[Any], name: str) -> list[Any]:
    """As many of the values as the list of that name in the schema must have."""
    return values[: (request.schema or {})["properties"][name]["minItems"]]


def as_json(answer: Callable[[ChatRequest], Any]) -> Callable[[ChatRequest], str]:
    return lambda request: json.dumps(answer(request))


def planner() -> s.Script:
    """A planner whose answers depend on nothing but what is in this file."""
    script = s.Script()
    say: dict[str, Callable[[ChatRequest], Any]] = {
        "StoryCoreAnswer": lambda _: CORE,
        "WorldAnswer": lambda r: {**WORLD, "places": listed(r, WORLD["places"], "places")},
        "CastAnswer": lambda r: {"cast": listed(r, CAST, "cast")},
        "ActAnswer": lambda r: {"chapters": sketches(r)},
        "HooksAnswer": lambda r: {"hooks": hooks(r)},
    }
    for name, answer in say.items():
        script.on(s.with_schema(name), s.say(as_json(answer)))
    notes = {"setting": "An island in 1890.", "rules": "The sea answers.", "tone": "quiet",
             "people": [{"name": "Elias", "who": "keeps the light"}]}  # fmt: skip
    script.on(s.with_schema("WorldNotes"), s.say(json.dumps(notes)))
    return script


@dataclass(frozen=True)
class Case:
    """An agent, and the input whose requests are kept."""

    agent: str
    given: Mapping[str, Any]
    preset: SizePreset = STANDARD


CASES: dict[str, Case] = {
    "plan_story": Case("plan_story", BOOK),
    "plan_story_small": Case("plan_story", {**BOOK, "style": "", "wish": ""}, SMALL),
    "plan_story_authored": Case("plan_story", {
        **BOOK, "ending": "He rows home.", "authored": {**AUTHORED, "world": "A rock in the sea."},
    }),
    "plan_outline": Case("plan_outline", {"book": BOOK, "story": STORY}),
    "plan_outline_authored": Case(
        "plan_outline", {"book": {**BOOK, "authored": AUTHORED}, "story": STORY}
    ),
    "plan_chapter": Case("plan_chapter", {"book": BOOK, "request": CHAPTER_REQUEST}),
    "plan_chapter_authored": Case(
        "plan_chapter",
        {
            "book": {**BOOK, "authored": AUTHORED},
            "request": {**CHAPTER_REQUEST, "authored": AUTHORED["chapters"][2]},
        },
    ),
    "plan_chapter_again": Case(
        "plan_chapter",
        {
            "book": {**BOOK, "wish": ""},
            "request": {
                **CHAPTER_REQUEST, "before": "", "after": "", "hooks": [],
                "summary": "Elias has written two letters.",
            },
        },
        SMALL,
    ),
    "narrate": Case("narrate", {"prompt": PROMPT, "target_words": 60, "asked_words": 70}),
    "check_continuity": Case(
        "check_continuity", {"prose": PROSE, "known": ["Anna: Anna is dead.", "Elias: He is ill."]}
    ),
    "extract_facts": Case("extract_facts", {"prose": PROSE}),
    "summarize": Case(
        "summarize",
        {"prose": PROSE, "summary": "Elias waits.", "names": ["Elias Marrow", "Anna Veil"]},
    ),
    "summarize_part": Case("summarize_part", {"part": "chapter", "text": PROSE}),
    "summarize_book": Case(
        "summarize_book",
        {
            "prose": PROSE, "world": "A rock off the coast.", "summary": "Elias waits.",
            "pinned_facts": ["The lamp burns oil."], "living": ["Elias Marrow", "Anna Veil"],
            "missing": ["Anna Veil"],
        },
    ),
    "summarize_book_bare": Case(
        "summarize_book", {"prose": PROSE, "world": "", "summary": "Elias waits."}, SMALL
    ),
    "split_scenes": Case(
        "split_scenes", {"blocks": ["The lamp was lit.", "A year later it was dark."]}
    ),
    "build_world": Case(
        "build_world", {"title": "The Tide", "parts": [PROSE, PROSE], "names": ["Elias Marrow"]}
    ),
    "build_world_in_stages": Case(
        "build_world",
        {"title": "The Tide", "parts": [PROSE] * 3},
        replace(SMALL, reading_tokens=40),
    ),
    "answer_question": Case(
        "answer_question",
        {
            "question": "Who lit the lamp?", "facts": ["The lamp burns oil."],
            "sentences": [
                {"scene": 1, "text": "Elias lit it."},
                {"scene": 4, "text": "It smoked."},
            ],
        },
    ),
    "infer_brief": Case(
        "infer_brief", {"prose": PROSE, "names": ["Elias Marrow", "Anna Veil"], "words": 40}
    ),
}  # fmt: skip


async def requests_of(case: Case) -> str:
    """The calls that an agent makes in a case, as text."""
    agent = next(agent for agent in AGENTS if agent.name == case.agent)
    log = MemoryLog()
    models = [f"{role}-model" for role in ROLES]
    with FakeServer(models=models, script=planner()) as server:
        roles = {r: {"model": f"openai:{r}-model", "base_url": server.base_url} for r in ROLES}
        settings = Settings.model_validate({"roles": roles})
        async with open_models(settings, log, environ={}) as opened:
            session = AgentSession(Caller(opened, 7), case.preset, "book/step")
            await agent.run(agent.input.model_validate(case.given), session)
        calls: dict[tuple[str, int | None], CallRecord] = {
            (c.model, c.seed): c for c in log.records
        }
        asked = sorted(server.requests, key=lambda r: calls[r.model, r.seed].step)
        return "\n".join(_as_text(request, calls[request.model, request.seed]) for request in asked)


def _as_text(request: ChatRequest, call: CallRecord) -> str:
    lines = [
        f"=== {call.step}: {call.purpose}, asked of {request.model}",
        f"at most {request.max_tokens} tokens, seed {request.seed}",
        f"stops {json.dumps(request.stops)}",
        f"schema {request.schema_name or 'none'}",
    ]
    if request.schema:
        lines.append(json.dumps(request.schema, indent=1, sort_keys=True))
    lines += [f"--- {m['role']}\n{m['content']}" for m in request.messages]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name, case in CASES.items():
        (GOLDEN / f"{name}.txt").write_text(asyncio.run(requests_of(case)), encoding="utf-8")
