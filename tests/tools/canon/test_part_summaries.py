"""Summaries of chapters and acts in the store."""

from __future__ import annotations

from novelcraft.tools.canon.store import ManuscriptStore


def test_what_was_told_is_found_by_its_key_and_the_newest_stands(store: ManuscriptStore) -> None:
    assert store.part_summaries(["a", "b"]) == {}
    store.put_part_summary("a", "Elias wrote.")
    store.put_part_summary("b", "The sea answered.")
    store.put_part_summary("a", "Elias wrote to the sea.")
    assert store.part_summaries(["a", "c"]) == {"a": "Elias wrote to the sea."}
    assert store.part_summaries([]) == {}
