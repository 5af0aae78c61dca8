"""The archivist: the facts that a scene adds to the canon."""

from __future__ import annotations

from pydantic import Field, create_model

from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.manuscript import Fact
from novelcraft.tools.models.schemas import bounded, strict_list, tidy


class FactsInput(Frozen):
    """A scene whose facts are wanted."""

    prose: str = Field(min_length=1)


class FactsOutput(Frozen):
    """What the scene makes true."""

    facts: tuple[Fact, ...]


async def extract_facts(given: FactsInput, session: AgentSession) -> FactsOutput:
    """The facts that a scene makes true.

    A quote that is not in the scene is dropped, its fact is kept; repeats are dropped.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    preset = session.preset
    chars, count = preset.field_chars, preset.facts_per_scene
    item = create_model(
        "FactAnswer",
        about=(bounded(40), ...),
        fact=(bounded(chars), ...),
        quote=(bounded(chars), ...),
    )
    schema = create_model("FactsAnswer", facts=(strict_list(item, 0, count), ...))
    answer = await session.ask(
        "cheap",
        "scene.extract",
        load_template("extract_facts").render(scene=given.prose, count=count),
        schema,
    )
    return FactsOutput(facts=_facts(answer.model_dump()["facts"], given.prose))


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
