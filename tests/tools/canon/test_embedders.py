from __future__ import annotations

import math

import pytest

from novelcraft.tools.canon.embedders import HashEmbedder, open_embedder


def likeness(a: str, b: str) -> float:
    one, other = HashEmbedder().embed([a, b])
    return sum(x * y for x, y in zip(one, other, strict=True))


def test_vectors_have_length_one() -> None:
    for vector in HashEmbedder().embed(["The lamp went out over the water.", "", "a an the"]):
        assert math.hypot(*vector) == pytest.approx(1)


def test_what_shares_words_is_alike() -> None:
    text = "Elias climbed the lighthouse stair with the lamp."
    near = likeness(text, "On the lighthouse stair the lamp was out.")
    far = likeness(text, "Anna counted letters behind her counter.")
    assert near > 0.4 > far


def test_the_same_words_are_the_same_vector() -> None:
    assert likeness("The Sea answered.", "the sea ANSWERED") == pytest.approx(1)


def test_vectors_are_the_same_on_every_machine() -> None:
    (vector,) = HashEmbedder().embed(["lighthouse lighthouse keeper"])
    found = {n: round(value, 4) for n, value in enumerate(vector) if value}
    assert found == {208: 0.8165, 423: -0.5774}


def test_the_settings_name_it() -> None:
    assert open_embedder("hash").name == "hash-512"
