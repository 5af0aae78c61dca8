from __future__ import annotations

import json
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, create_model

from novelcraft.config.presets import SMALL, STANDARD, SizePreset
from novelcraft.tools.models.schemas import (
    answer_tokens,
    bounded,
    longest_answer,
    make_schema,
    name_field,
    one_of,
    scene_sketch,
    strict_list,
)
from novelcraft.tools.models.wire import strict_schema
from tests.fakes.instances import InstanceMaker

NAMES = ("Elias Marrow", "Anna Veil")
NUMBER = Annotated[int, Field(ge=2, le=1_000)]


def schemas(preset: SizePreset) -> list[type[BaseModel]]:
    sketch = scene_sketch(preset, NAMES, bounded(60))
    person = create_model("Person", name=(name_field(), ...), knows=(bounded(30), ...))
    return [
        sketch,
        create_model("Sketches", scenes=(strict_list(sketch, 1, 4), ...)),
        create_model("Cast", cast=(strict_list(person, 3, 3), ...), chapter=(one_of(NAMES), ...)),
        create_model("Breaks", breaks=(strict_list(NUMBER, 0, 99), ...), sure=(bool, ...)),
    ]


@pytest.mark.parametrize("preset", [SMALL, STANDARD], ids=lambda p: p.name)
@pytest.mark.parametrize("number", range(4))
def test_no_answer_is_longer_than_the_longest(preset: SizePreset, number: int) -> None:
    schema = schemas(preset)[number]
    longest = longest_answer(schema)
    schema.model_validate_json(longest)
    made = [InstanceMaker(strict_schema(schema), str(seed)).make() for seed in range(50)]
    assert all(len(json.dumps(one, ensure_ascii=False)) <= len(longest) for one in made)


def test_every_string_and_list_is_at_its_bound() -> None:
    answer = json.loads(longest_answer(schemas(STANDARD)[1]))
    assert len(answer["scenes"]) == 4
    scene = answer["scenes"][0]
    assert len(scene["goal"]) == STANDARD.event_chars
    assert [len(beat) for beat in scene["beats"]] == [STANDARD.beat_chars] * STANDARD.beats
    assert scene["pov"] == "Elias Marrow"
    assert len(scene["present"]) == 2


def test_a_digit_is_counted_as_a_token() -> None:
    breaks = schemas(SMALL)[3]
    assert answer_tokens(breaks) >= 99 * len("1000, ")


def test_a_schema_is_made_once_for_its_fields_as_they_stand() -> None:
    def made(names: tuple[str, ...], most: int = 2) -> type[BaseModel]:
        sketch = scene_sketch(STANDARD, names, bounded(60))
        return make_schema("Sketches", scenes=strict_list(sketch, 1, most))

    assert made(NAMES) is made(NAMES)
    assert made(NAMES) is not made(NAMES, 3)
    # The order of a literal's values is the order in which a server's grammar has them.
    for names in (NAMES, NAMES[::-1]):
        sketch = strict_schema(made(names))["$defs"]["SceneSketch"]["properties"]
        assert sketch["pov"]["enum"] == sketch["present"]["items"]["enum"] == [*names]
    with pytest.raises(ValueError, match="scenes"):
        made(NAMES).model_validate({})
