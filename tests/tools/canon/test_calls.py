from __future__ import annotations

from typing import Any

from novelcraft.state.calls import CallRecord, Message, Usage
from novelcraft.tools.canon.store import ManuscriptStore


def record(key: str = "k", **changes: Any) -> CallRecord:
    given: dict[str, Any] = {
        "key": key,
        "role": "narrator",
        "purpose": "scene.narrate",
        "step": "main/root/s001/0/1",
        "model": "m",
        "prompt_hash": "h",
        "messages": (Message(role="user", content="Write – „now“."),),
        "sampling": {"temperature": 0.7, "stop": ["a"]},
        "seed": 2**63 - 1,
        "text": "Once.",
        "usage": Usage(prompt_tokens=10, cached_tokens=4, completion_tokens=5),
        "seconds": 1.5,
        "at": "2026-01-01T00:00:00+00:00",
    }
    return CallRecord(**{**given, **changes})


def test_a_call_is_found_by_its_key(store: ManuscriptStore) -> None:
    assert store.find_call("k") is None
    store.log_call(record())
    store.log_call(record(text="A second answer to the same."))
    assert store.find_call("k") == record()


def test_a_failed_call_is_not_replayed(store: ManuscriptStore) -> None:
    store.log_call(record(outcome="invalid"))
    store.log_call(record(outcome="error", error="refused"))
    assert store.find_call("k") is None
    assert store.find_answered("k") == record(outcome="invalid")
    assert [c.outcome for c in store.calls()] == ["invalid", "error"]
    store.log_call(record(text="A good answer to the same."))
    assert store.find_answered("k") == store.find_call("k") == store.calls()[-1]


def test_calls_are_listed_oldest_first(store: ManuscriptStore) -> None:
    for n in range(5):
        store.log_call(record(f"k{n}", role="cheap" if n % 2 else "narrator", purpose=f"p{n % 3}"))
    assert [c.key for c in store.calls()] == ["k0", "k1", "k2", "k3", "k4"]
    assert [c.key for c in store.calls(last=2)] == ["k3", "k4"]
    assert [c.key for c in store.calls(role="cheap")] == ["k1", "k3"]
    assert [c.key for c in store.calls(purpose="p0")] == ["k0", "k3"]


def test_totals(store: ManuscriptStore) -> None:
    assert store.call_totals() == (0, 0, 0, 0, 0.0)
    assert store.call_totals_by_purpose() == {}
    store.log_call(record("a"))
    store.log_call(record("b", purpose="plan.core", outcome="error"))
    assert store.call_totals() == (2, 20, 8, 10, 3.0)
    assert store.call_totals_by_purpose()["plan.core"] == (1, 10, 4, 5, 1.5)


def test_calls_are_summed_by_role_and_model(store: ManuscriptStore) -> None:
    assert store.model_lines() == []
    for n, outcome in enumerate(("ok", "invalid", "ok")):
        store.log_call(record(f"k{n}", outcome=outcome))
    store.log_call(record("c", role="cheap", adapter="lora"))
    cheap, narrator = store.model_lines()
    assert (cheap.role, cheap.adapter, cheap.calls, cheap.failed) == ("cheap", "lora", 1, 0)
    assert (narrator.calls, narrator.failed, narrator.seconds) == (3, 1, 4.5)
    assert (narrator.prompt_tokens, narrator.cached_tokens) == (30, 12)
    assert narrator.completion_tokens == 15
