"""The archivist: the facts that a scene adds to the canon."""

from __future__ import annotations

from pydantic import BaseModel, Field

from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.manuscript import Fact
from novelcraft.tools.models.schemas import bounded, likely_tokens, make_schema, strict_list, tidy


class FactsInput(Frozen):
    """A scene whose facts are wanted."""

    prose: str = Field(min_length=1)


class FactsOutput(Frozen):
    """What the scene makes true."""

    facts: tuple[Fact, ...]


async def extract_facts(given: FactsInput, session: AgentSession) -> FactsOutput:
    """The facts that a scene makes true.

    A quote that is not in the scene is dropped, its fact is kept; repeats are dropped. As many
    are asked for as the preset says, or as few as there is room for.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    chars, count = session.preset.field_chars, session.preset.facts_per_scene
    while True:
        schema = _facts_schema(chars, count)
        messages = load_template("extract_facts").render(scene=given.prose, count=count)
        room = await session.room("cheap", messages, likely_tokens(schema))
        if count == 1 or room is None or room >= likely_tokens(schema):
            break
        count //= 2
    answer = await session.ask("cheap", "scene.extract", messages, schema)
    return FactsOutput(facts=_facts(answer.model_dump()["facts"], given.prose))


def _facts_schema(chars: int, count: int) -> type[BaseModel]:
    item = make_schema(
        "FactAnswer",
        about=bounded(40),
        fact=bounded(chars),
        quote=bounded(chars),
    )
    return make_schema("FactsAnswer", facts=strict_list(item, 0, count))


def _facts(answers: list[dict[str, str]], prose: str) -> tuple[Fact, ...]:
    facts: dict[str, Fact] = {}
    for answer in answers:
        subject, statement = tidy(answer["about"]), tidy(answer["fact"])
        if not subject or not statement:
            continue
        quote = answer["quote"].strip()
        facts.setdefault(
            statement.casefold(),
            Fact(subject=subject, statement=statement, quote=quote if quote in prose else ""),
        )
    return tuple(facts.values())
