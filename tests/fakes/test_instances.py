from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

from tests.fakes.instances import InstanceMaker


class Member(BaseModel):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Z][a-z]{1,11} [A-Z][a-z]{1,13}$")]
    age: int = Field(ge=18, lt=90)
    kind: Literal["friend", "rival"]
    nick: Annotated[str, StringConstraints(min_length=3, max_length=12)] | None


class Company(BaseModel):
    title: Annotated[str, StringConstraints(max_length=30)]
    cast: Annotated[list[Member], Field(min_length=4, max_length=6)]
    share: float = Field(ge=0, le=1)
    code: Annotated[str, StringConstraints(pattern=r"^ch\d{2}(-[a-f]+)?$")]
    open: bool
    findings: list[str]
    leader: Member


def made(schema: dict[str, Any], seed: str = "1", **options: Any) -> Any:
    return InstanceMaker(schema, seed, **options).make()


@pytest.mark.parametrize("seed", range(30))
def test_an_instance_keeps_its_schema(seed: int) -> None:
    company = Company.model_validate(made(Company.model_json_schema(), str(seed)))
    family_names = [m.name.split()[1] for m in [*company.cast, company.leader]]
    assert len(set(family_names)) == len(family_names)
    assert company.findings == []


def test_the_same_seed_gives_the_same_instance() -> None:
    schema = Company.model_json_schema()
    assert made(schema, "7") == made(schema, "7")
    assert made(schema, "7") != made(schema, "8")


bounds = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted)


@given(st.text(max_size=5), bounds, st.sampled_from(["goal", "name", "title", "quote", "place"]))
def test_strings_keep_their_bounds(seed: str, lengths: list[int], field: str) -> None:
    low, high = lengths
    text_schema = {"type": "string", "minLength": low, "maxLength": high}
    schema = {"type": "object", "properties": {field: text_schema}}
    text = made(schema, seed, source="A sentence that is there to be quoted. Another one, too.")[
        field
    ]
    assert low <= len(text) <= high


@given(st.text(max_size=5), st.tuples(st.integers(-50, 50), st.integers(-50, 50)).map(sorted))
def test_integers_keep_their_bounds(seed: str, limits: list[int]) -> None:
    low, high = limits
    schema = {"type": "integer", "minimum": low, "maximum": high}
    assert low <= made(schema, seed) <= high


@pytest.mark.parametrize(
    "kind",
    [
        list[Literal["a", "b", "c"]],
        dict[str, int],
        int | str,
        tuple[int, str],
        Annotated[set[Literal["a", "b", "c"]], Field(min_length=3, max_length=3)],
        Literal["only"],
        None,
    ],
)
def test_other_kinds(kind: Any) -> None:
    adapter = TypeAdapter(kind)
    adapter.validate_json(json.dumps(made(adapter.json_schema())))


def test_a_quote_is_taken_from_the_text_in_question() -> None:
    source = "Mara counted the six steps twice. It rained. Ned hid the letter beneath a stair."
    schema = {"type": "object", "properties": {"quote": {"type": "string", "maxLength": 80}}}
    assert made(schema, source=source)["quote"].rstrip(".") in source


def test_a_pattern_that_cannot_be_met_is_no_silent_failure() -> None:
    with pytest.raises(ValueError, match="cannot make"):
        made({"type": "string", "pattern": "^[a-z]{5}$", "maxLength": 3})
