from __future__ import annotations

import pytest

from tests.fakes.brain import find_names
from tests.fakes.chat import ChatRequest


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        (
            "Point of view: Mara Voss, the keeper\nAlso present: Ned Hale, a clerk",
            ["Mara Voss", "Ned Hale"],
        ),
        (
            "The scene follows Mara Voss, a keeper, closely, in about 600 words.\n"
            "It happens here: the loft; at noon. Ned Hale and Ada Orr are there too.",
            ["Mara Voss", "Ned Hale", "Ada Orr"],
        ),
        ("**Point of view:** Mara Voss", ["Mara Voss"]),
        ("POV: Mara\nPresent: nobody", ["Mara"]),
        ("Keep these names: Mara Voss, Ned Hale.", ["Mara Voss", "Ned Hale"]),
        ("Mara Voss ran. Then Mara Voss slept beside Ned Hale.", ["Mara Voss"]),
        ("Nobody is here.", []),
    ],
)
def test_names_are_found(prompt: str, names: list[str]) -> None:
    assert find_names(prompt) == names


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Length: about 600 words", 600),
        ("in at most 90 words", 90),
        ("about 1,200 words", 1_200),
        ("no length at all", 70),
    ],
)
def test_the_length_asked_for_is_read(said: str, words: int) -> None:
    asked = ChatRequest({"messages": [{"role": "user", "content": said}], "max_tokens": 100})
    assert asked.words_asked == words


def test_the_key_depends_on_what_the_answer_depends_on() -> None:
    body = {"messages": [{"role": "user", "content": "a"}], "seed": 1, "model": "m"}
    same = ChatRequest({**body, "stream": True, "temperature": 0.1}, number=9)
    assert same.key == ChatRequest(body).key
    assert ChatRequest({**body, "seed": 2}).key != ChatRequest(body).key


def test_a_schema_inside_a_grammar_is_found() -> None:
    grammar = '%llguidance {}\nstart: %json {"type": "integer"}\n'
    asked = ChatRequest({"messages": [], "grammar": grammar})
    assert asked.schema == {"type": "integer"}
