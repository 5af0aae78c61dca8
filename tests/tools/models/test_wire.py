from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from novelcraft.errors import ConfigError
from novelcraft.tools.models import wire
from tests.tools.models.support import Person

PRESET = {"temperature": 0.4, "min_p": 0.1, "repeat_penalty": 1.05, "dry_multiplier": 0.8}


@pytest.mark.parametrize(
    ("flavour", "sent"),
    [
        ("llamacpp", PRESET),
        ("vllm", {"temperature": 0.4, "min_p": 0.1, "repetition_penalty": 1.05}),
        ("openai", {"temperature": 0.4}),
    ],
)
def test_a_preset_is_sent_as_far_as_the_server_takes_it(
    flavour: wire.Flavour, sent: dict[str, Any]
) -> None:
    assert wire.sampling_fields(flavour, PRESET, {}) == sent


def test_what_a_person_chose_is_sent_to_every_server() -> None:
    chosen = wire.check_sampling("narrator", {"repetition_penalty": 1.2, "min_p": 0.2})
    assert wire.sampling_fields("openai", PRESET, chosen) == {
        "temperature": 0.4,
        "repetition_penalty": 1.2,
        "min_p": 0.2,
    }
    assert wire.sampling_fields("llamacpp", {}, chosen)["repeat_penalty"] == 1.2


def test_a_misspelt_parameter_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"narrator.*'temprature'") as caught:
        wire.check_sampling("narrator", {"temprature": 0.4})
    assert "extra" in caught.value.fix


class Tree(BaseModel):
    title: str = "none"
    kind: Literal["a", "b"]
    people: Annotated[list[Person], Field(min_length=1, max_length=2)]


def test_a_schema_is_strict_all_the_way_down() -> None:
    schema = wire.strict_schema(Tree)
    person = schema["$defs"]["Person"]
    assert schema["required"] == ["title", "kind", "people"]
    assert schema["additionalProperties"] is person["additionalProperties"] is False
    assert person["properties"]["name"] == {"type": "string", "minLength": 1, "maxLength": 30}
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["properties"]["kind"]["enum"] == ["a", "b"]
    assert schema["properties"]["people"]["maxItems"] == 2


def test_the_compact_grammar_holds_the_schema() -> None:
    grammar = wire.schema_fields(Tree, compact=True)["grammar"]
    head, _, rest = grammar.partition("start: %json ")
    schema = json.loads(rest)
    assert head == "%llguidance {}\n"
    assert schema.pop("x-guidance") == {"whitespace_flexible": False}
    assert schema == wire.strict_schema(Tree)


def test_a_prefill_is_the_last_message() -> None:
    listed = wire.wire_messages((), "Once upon")
    assert listed == [{"role": "assistant", "content": "Once upon"}]
    assert wire.wire_messages((), "") == []
