"""What is known of an adapter, and what a person is told of those that may not or may write."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.config.root import Settings
from novelcraft.errors import AdapterRefusedError
from novelcraft.finetune.registry.cards import FoundAdapter, register
from novelcraft.finetune.registry.lookup import find_named
from novelcraft.graphs.adapters import check_embedded, found_at, hold_to_gate
from tests.fakes.server import FakeServer
from tests.finetune.cards import evaluation, memory, trained
from tests.graphs.conftest import settings


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Adapters that failed, passed, and were not evaluated: `poe`, `austen`, `new`."""
    folder = tmp_path / "adapters"
    for name, recites in (("poe", True), ("austen", False), ("new", None)):
        adapter = trained(folder / name)
        found = None if recites is None else evaluation(adapter, recites=recites)
        register(adapter, evaluation=found)
    return folder


def recited(registry: Path, reasons: int) -> FoundAdapter:
    """An adapter that failed for so many reasons."""
    adapter = trained(registry / "dickens")
    told = tuple(f"Reason {n}." for n in range(1, reasons + 1))
    found = memory(recites=True).model_copy(update={"reasons": told})
    register(adapter, evaluation=evaluation(adapter, memory=found))
    known = find_named("dickens", registry)
    assert known is not None
    return known


@pytest.mark.parametrize(("reasons", "more"), [(3, []), (4, ["  - And 1 more."])])
def test_a_refusal_tells_the_first_reasons_and_how_many_there_are_besides(
    tmp_path: Path, reasons: int, more: list[str]
) -> None:
    known = recited(tmp_path, reasons)
    for named, told in (("dickens", "dickens"), ("x", f"x (dickens, {known.folder})")):
        with pytest.raises(AdapterRefusedError) as refused:
            hold_to_gate(Settings(), [(named, known)])
        assert refused.value.message.splitlines() == [
            f"The adapter {told} failed the gate:",
            *("  - Reason 1.", "  - Reason 2.", "  - Reason 3."),
            *more,
        ]


def test_an_adapter_that_roles_share_is_told_of_once_and_by_why_it_is_not_known(
    registry: Path,
) -> None:
    new = find_named("new", registry)
    for known, why in ((None, "It is not registered here."), (new, "It was not evaluated.")):
        assert hold_to_gate(Settings(), [("new", known)] * 2) == [
            "Whether the adapter new repeats the books that it was trained on is not known. " + why
        ]
    passed = find_named("austen", registry)
    assert hold_to_gate(Settings(), [("austen", passed), ("new", new)]) != []
    assert hold_to_gate(Settings(), [("austen", passed)]) == []


def test_only_roles_of_the_embedded_engine_are_held_to_it_before_it_starts(
    fake_server: FakeServer, registry: Path
) -> None:
    served = {"model": "openai:fake-model", "base_url": fake_server.base_url, "adapter": "poe"}
    roles = {"narrator": served, "cheap": {"model": "embedded:auto"}}
    given = settings(fake_server, roles=roles, write={"registry": str(registry)})
    assert check_embedded(given) == []


def test_an_adapter_is_known_by_the_first_place_that_something_is_known_of(
    registry: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    austen = registry / "austen"
    for places in (("", austen), (tmp_path / "empty", austen), (tmp_path / "none", austen)):
        found = found_at(places, registry)
        assert found is not None
        assert found.name == "austen"
    first = found_at((registry / "poe", austen), registry)
    assert first is not None
    assert first.name == "poe"
    assert found_at(("", tmp_path / "none"), registry) is None
    assert found_at((tmp_path / "empty",), registry) is None
