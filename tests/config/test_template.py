"""The `novel.toml` that is written loads to what it was written from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from novelcraft.config.load import Settings, load_settings
from novelcraft.config.root import keys
from novelcraft.config.template import novel_toml, prep_toml, update_toml


def reloaded(text: str, folder: Path) -> Settings:
    path = folder / "novel.toml"
    path.write_text(text, encoding="utf-8", newline="")
    return load_settings(path, environ={}, user_file=None)


@pytest.mark.parametrize(
    "given_settings",
    [
        {},
        {"novel": {"premise": "A sea that answers.", "pages": 10, "seed": 7}},
        {"write": {"attend": ["plan", "scene"], "replan": False}, "budget": {"scene": 2_000}},
        {"roles": {"narrator": {"model": "openai:x", "sampling": {"a": 0.5, "b": {"c": [1]}}}}},
        {"roles": {"reasoning": {"model": "openai:x", "timeout": 3}}},
        {"roles": {"reasoning": {"timeout": 3}, "cheap": {"timeout": 600}}},
        {"roles": {"reasoning": {"model": "openai:x"}, "cheap": {"model": "embedded:auto"}}},
        {
            "roles": {
                "reasoning": {"model": "openai:x", "adapter": "p", "sampling": {"a": 1}},
                "cheap": {"model": "openai:y", "adapter": "q"},
            }
        },
        {"roles": {"reasoning": {"sampling": {"a": 1}}, "cheap": {"sampling": {}}}},
    ],
)
def test_round_trip(given_settings: dict[str, Any], tmp_path: Path) -> None:
    before = Settings.model_validate(given_settings)
    assert reloaded(novel_toml(before), tmp_path) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(premise=st.text(st.characters(exclude_categories=["Cs"])))
@example(premise="\r\n")
@example(premise='A keeper.\r\nA storm.\n\n"""\\')
@example(premise="\n\r")
def test_any_premise_survives(premise: str, tmp_path: Path) -> None:
    before = Settings.model_validate({"novel": {"premise": premise}})
    assert reloaded(novel_toml(before), tmp_path).novel.premise == premise


def test_only_the_first_three_are_set() -> None:
    text = novel_toml(Settings())
    values = tomllib.loads(text)
    assert values["novel"] == {"premise": "", "pages": 100, "seed": 1}
    assert values["write"] == values["budget"] == {}


FILES = {
    "novel": (novel_toml, {"novel", "write", "budget", "roles"}),
    "prep": (prep_toml, {"prep", "roles"}),
}


@pytest.mark.parametrize("file", FILES)
def test_every_key_of_its_sections_is_there(file: str) -> None:
    write, sections = FILES[file]
    text = write(Settings())
    assert set(tomllib.loads(text)) == sections
    for key in keys():
        there = f"{key.name} = " in text.partition(f"[{key.table}]\n")[2].partition("\n[")[0]
        assert there == (key.path[0] in sections)


@pytest.mark.parametrize("file", FILES)
def test_every_choice_is_explained(file: str) -> None:
    write, sections = FILES[file]
    text = " ".join(write(Settings()).replace("\n# ", " ").split())
    for key in keys():
        if key.path[0] not in sections:
            continue
        assert key.field.description
        assert " ".join(key.field.description.replace("`", "'").split()) in text


def test_a_prep_file_loads_to_what_it_was_written_from(tmp_path: Path) -> None:
    prep = {"base_model": "x", "scene_high": 2_500, "budget": {"summary": 300}}
    before = Settings.model_validate({"prep": prep})
    assert reloaded(prep_toml(before), tmp_path) == before


def test_an_update_keeps_comments_and_order() -> None:
    text = "# mine\n[novel]\npages = 100 # long\ntitle = 'T'\n"
    assert update_toml(text, {("novel", "pages"): 10}) == text.replace("= 100", "= 10")


def test_an_update_makes_what_is_missing(tmp_path: Path) -> None:
    text = update_toml("", {("novel", "chapters"): 3, ("roles", "narrator", "think"): False})
    after = reloaded(text, tmp_path)
    assert after.novel.chapters == 3
    assert after.roles.narrator.think is False
