"""Small plans, briefs, commits and drafts that tests start from."""

from __future__ import annotations

from typing import Any

from novelcraft.state.manuscript import Draft, Fact, Provenance, SceneCommit
from novelcraft.state.plan import Chapter, Character, Hook, Plan, SceneBrief, StoryCore, World


def provenance(**changes: Any) -> Provenance:
    given: dict[str, Any] = {
        "model": "test-model",
        "prompt_hash": "p" * 64,
        "template_hash": "t" * 64,
        "sampling": {"temperature": 0.5},
        "seed": 1,
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "finish_reason": "stop",
        "attempt": 1,
        "calls": ("call-1",),
    }
    return Provenance(**{**given, **changes})


def character(number: int, name: str) -> Character:
    return Character(
        id=f"c{number}",
        name=name,
        role="keeper of the light" if number == 1 else "neighbour",
        want="An answer from the sea",
        flaw="pride",
        voice="plain",
        knows="little",
    )


def brief(number: int, chapter: str = "ch01", **changes: Any) -> SceneBrief:
    given: dict[str, Any] = {
        "id": f"s{number:03}",
        "chapter": chapter,
        "goal": f"Elias wants answer number {number}.",
        "pov": "c1",
        "place": "the lighthouse",
        "time": f"day {number}",
        "present": ("c1", "c2"),
        "beats": ("A bottle comes in.", "Elias reads it."),
        "turn": "The hand is his wife's.",
        "outcome": "He writes back.",
        "target_words": 300,
    }
    return SceneBrief(**{**given, **changes})


def plan(chapters: int = 2, scenes_each: int = 2, words: int = 300, **changes: Any) -> Plan:
    total = chapters * scenes_each
    scenes = tuple(
        brief(n + 1, f"ch{n // scenes_each + 1:02}", target_words=words) for n in range(total)
    )
    hooks: tuple[Hook, ...] = ()
    if total > 1:
        hooks = (
            Hook(
                id="h1",
                text="The lamp goes out at midnight.",
                plant_scene=scenes[0].id,
                payoff_scene=scenes[-1].id,
            ),
        )
        first = scenes[0].model_copy(update={"plants": ("h1",)})
        last = scenes[-1].model_copy(update={"pays": ("h1",)})
        scenes = (first, *scenes[1:-1], last)
    given: dict[str, Any] = {
        "version": 1,
        "premise": "A lighthouse keeper finds that the sea answers letters.",
        "target_words": total * words,
        "core": StoryCore(
            title="The Answering Sea",
            logline="A keeper writes to the sea.",
            themes=("grief", "hope"),
            tone="quiet and strange",
            style="plain past tense",
            ending="He stops writing.",
        ),
        "world": World(
            text="A rock off the coast of Brittany, 1890. The sea answers letters.",
            places=("the lighthouse", "the post office"),
        ),
        "cast": (character(1, "Elias Marrow"), character(2, "Anna Veil")),
        "hooks": hooks,
        "chapters": tuple(
            Chapter(
                id=f"ch{n + 1:02}",
                number=n + 1,
                title=f"Letter {n + 1}",
                act=1,
                summary=f"Letter {n + 1} is answered.",
                target_words=scenes_each * words,
            )
            for n in range(chapters)
        ),
        "scenes": scenes,
    }
    return Plan(**{**given, **changes})


def commit(
    position: int = 1, parent: SceneCommit | None = None, prose: str = "", **changes: Any
) -> SceneCommit:
    given: dict[str, Any] = {
        "parent": parent.id if parent else None,
        "position": position,
        "scene_id": f"s{position:03}",
        "chapter_id": "ch01",
        "plan_version": 1,
        "prose": prose or f"Elias Marrow read letter {position}.\n\nThe sea was quiet.",
        "summary": f"Elias has read {position} letters.",
        "facts": (Fact(subject="Elias Marrow", statement=f"He has letter {position}."),),
        "findings": (),
        "accepted_by": "checks",
        "provenance": provenance(),
    }
    return SceneCommit(**{**given, **changes})


def chain(length: int) -> list[SceneCommit]:
    commits: list[SceneCommit] = []
    for position in range(1, length + 1):
        commits.append(commit(position, commits[-1] if commits else None))
    return commits


def draft(attempt: int = 1, **changes: Any) -> Draft:
    given: dict[str, Any] = {
        "id": f"main/root/s001/0/{attempt}",
        "branch": "main",
        "parent": None,
        "scene_id": "s001",
        "attempt": attempt,
        "prose": "Elias Marrow waited.",
        "provenance": provenance(attempt=attempt),
        "findings": (),
    }
    return Draft(**{**given, **changes})
