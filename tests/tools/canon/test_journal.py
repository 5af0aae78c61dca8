from __future__ import annotations

from novelcraft.state.events import Notice, Planning, WriteEvent
from novelcraft.tools.canon.store import ManuscriptStore

EVENTS: list[tuple[str, WriteEvent]] = [
    ("main", Notice(text="a")),
    ("main", Planning(step="core", done=1, total=3)),
    ("darker", Notice(text="b")),
    ("main", Notice(text="c")),
]


def test_events_are_kept_in_order(store: ManuscriptStore) -> None:
    numbers = [store.log_event(event, branch) for branch, event in EVENTS]
    entries = store.events()
    assert [e.event for e in entries] == [event for _, event in EVENTS]
    assert [e.number for e in entries] == numbers == sorted(set(numbers))
    assert [e.at for e in entries] == sorted(e.at for e in entries)


def test_events_by_kind_branch_and_place(store: ManuscriptStore) -> None:
    numbers = [store.log_event(event, branch) for branch, event in EVENTS]
    assert [e.number for e in store.events("notice")] == [numbers[0], *numbers[2:]]
    assert [e.number for e in store.events("notice", "planning", branch="main", last=2)] == [
        numbers[1],
        numbers[3],
    ]
    assert [e.number for e in store.events(branch="darker")] == [numbers[2]]
    assert [e.number for e in store.events(after=numbers[1])] == numbers[2:]
    assert [e.number for e in store.events(after=numbers[0], first=2)] == numbers[1:3]


def test_exemptions(store: ManuscriptStore) -> None:
    assert store.exemptions() == set()
    store.exempt("cast.dead:c1", "A ghost.")
    store.exempt("cast.dead:c1", "A dream.")
    assert store.exemptions() == {"cast.dead:c1"}
