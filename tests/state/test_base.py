from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from novelcraft.state.base import content_hash, derive_seed


def test_the_hash_is_the_same_on_every_machine() -> None:
    known = "6b940ff97b8f64e75080429519f8fe71eb9a5693540a8b6c61147486f08706db"
    assert content_hash({"b": 1, "a": ["é", None]}) == known


def test_the_order_of_keys_does_not_matter() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash([1, 2]) != content_hash([2, 1])


@given(st.integers(0, 2**63), st.text(), st.integers(0, 9))
def test_derived_seeds_fit_every_server(seed: int, label: str, number: int) -> None:
    assert 0 <= derive_seed(seed, label, number) < 2**31
    assert derive_seed(seed, label, number) == derive_seed(seed, label, number)


def test_derived_seeds_differ_by_step() -> None:
    seeds = {derive_seed(seed, "scene", n) for seed in range(10) for n in range(100)}
    assert len(seeds) == 1_000
