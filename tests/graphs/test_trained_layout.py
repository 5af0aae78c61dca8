"""The layout that a narrator's adapter was trained on, and what a person is told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from novelcraft.config.root import Settings
from novelcraft.graphs.trained_layout import HOUSE_NOTICE, TrainedLayout, trained_layout
from novelcraft.tools.models.adapters import HOUSE
from novelcraft.tools.models.endpoint import Endpoint, connect
from novelcraft.tools.models.opening import server_of
from novelcraft.tools.models.patience import Patience
from tests.fakes.server import FakeServer
from tests.graphs.conftest import settings
from tests.graphs.test_layouts import TAUGHT, adapter

Serve = Callable[..., FakeServer]


def told(name: str) -> TrainedLayout:
    text = f"The narrator is asked as {name} was trained: in the layout {TAUGHT.note}."
    return TrainedLayout(TAUGHT, text)


def unknown(name: str) -> TrainedLayout:
    return TrainedLayout(None, f"In which layout the adapter {name} was trained is not known.")


def given(server: FakeServer, registry: Path, named: str, **role: Any) -> Settings:
    narrator = {"model": "openai:fake-model", "base_url": server.base_url, "adapter": named, **role}
    return settings(server, roles={"narrator": narrator}, write={"registry": str(registry)})


async def endpoint(settings: Settings) -> Endpoint:
    role = settings.roles.narrator
    server = server_of(role, {})
    assert server is not None
    patience = Patience("narrator", 0.0, lambda _: None, server.secrets)
    return await connect("narrator", role, server, role.name, patience)


def test_a_bare_model_was_taught_none(serve: Serve, tmp_path: Path) -> None:
    assert trained_layout(given(serve(), tmp_path, ""), None) == TrainedLayout(None)


def test_an_adapter_is_known_by_its_name_and_by_its_folder(serve: Serve, tmp_path: Path) -> None:
    folder = adapter(tmp_path / "adapters", TAUGHT)
    server = serve()
    for name in ("mine", str(folder), str(folder.parent)):
        assert trained_layout(given(server, tmp_path / "adapters", name), None) == told(name)
    assert trained_layout(given(server, tmp_path / "other", str(folder)), None) == told(str(folder))
    assert trained_layout(given(server, tmp_path / "other", "mine"), None) == unknown("mine")


async def test_what_the_server_has_loaded_counts_for_more_than_the_name(
    serve: Serve, tmp_path: Path
) -> None:
    folder = adapter(tmp_path / "adapters", TAUGHT)
    server = serve(flavour="vllm", adapters=["x"], roots={"x": str(folder)})
    named = given(server, tmp_path / "other", "x")
    assert trained_layout(named, await endpoint(named)) == told("x")
    assert trained_layout(named, None) == unknown("x")


def test_the_embedded_engines_adapter_is_what_it_loads(serve: Serve, tmp_path: Path) -> None:
    folder = adapter(tmp_path / "adapters", TAUGHT)
    role = {"model": "embedded:smollm2-135m", "base_url": ""}
    named = given(serve(), tmp_path / "adapters", str(folder), **role)
    assert trained_layout(named, None) == told(str(folder))
    # It has no names: what it loads lies somewhere.
    named = given(serve(), tmp_path / "adapters", "mine", **role)
    assert trained_layout(named, None) == unknown("mine")


def test_of_the_house_narrator_a_person_is_told_how_to_do_without(
    serve: Serve, tmp_path: Path
) -> None:
    role = {"model": "embedded:smollm2-135m", "base_url": ""}
    house = trained_layout(given(serve(), tmp_path, HOUSE, **role), None)
    assert house.notice == HOUSE_NOTICE
    assert house.layout is not None
    assert house.layout.name == "small"
    # On a server that is another one of its name.
    assert trained_layout(given(serve(), tmp_path, HOUSE), None) == unknown(HOUSE)
