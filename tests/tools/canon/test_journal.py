from __future__ import annotations

from novelcraft.state.events import Notice, Planning, WriteEvent
from novelcraft.tools.canon.store import ManuscriptStore


def test_events_are_kept_in_order(store: ManuscriptStore) -> None:
    told: list[tuple[str, WriteEvent]] = [
        ("1", Notice(text="a")),
        ("2", Planning(step="core", done=1, total=3)),
    ]
    for at, event in told:
        store.log_event(event, at)
    assert store.events() == told
    assert store.events("notice") == told[:1]


def test_exemptions(store: ManuscriptStore) -> None:
    assert store.exemptions() == set()
    store.exempt("cast.dead:c1", "A ghost.")
    store.exempt("cast.dead:c1", "A dream.")
    assert store.exemptions() == {"cast.dead:c1"}
