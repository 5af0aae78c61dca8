"""The archivist: the facts that a scene adds to the canon."""

from __future__ import annotations

from pydantic import create_model

from novelcraft.config.presets import SizePreset
from novelcraft.prompts.loader import load_template
from novelcraft.state.manuscript import Fact
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.schemas import bounded, strict_list, tidy


async def extract_facts(
    caller: Caller, preset: SizePreset, *, step: str, prose: str
) -> tuple[Fact, ...]:
    """The facts that a scene makes true.

    A quote that is not in the scene is dropped, its fact is kept; repeats are dropped.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    chars = preset.field_chars
    item = create_model(
        "FactAnswer",
        about=(bounded(40), ...),
        fact=(bounded(chars), ...),
        quote=(bounded(chars), ...),
    )
    schema = create_model("FactsAnswer", facts=(strict_list(item, 0, preset.facts_per_scene), ...))
    messages = load_template("extract_facts").render(scene=prose, count=preset.facts_per_scene)
    answer = await caller.ask(
        "cheap",
        "scene.extract",
        step,
        messages,
        schema,
        max_tokens=preset.answer_tokens(preset.facts_per_scene * (2 * chars + 90)),
    )
    return _facts(answer.model_dump()["facts"], prose)


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
