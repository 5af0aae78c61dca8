"""What `serve` is to start, and what a person should know of it, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.root import Settings
from novelcraft.errors import AdapterRefusedError, ConfigError, ServingMemoryError
from novelcraft.finetune.registry.cards import register
from novelcraft.graphs.serving import PreparedServers, Wish, prepare_servers
from novelcraft.tools.serving.catalog import Catalog, ServedRole
from tests.finetune.adapters.test_folder import adapter as bare_adapter
from tests.finetune.cards import evaluation, trained
from tests.tools.serving.machines import BOTH, CATALOG

UNKNOWN = "Whether the adapter {} repeats the books that it was trained on is not known. {}"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Adapters that failed, passed, and were not evaluated: `poe`, `austen`, `new`."""
    folder = tmp_path / "adapters"
    for name, recites in (("poe", True), ("austen", False), ("new", None)):
        adapter = trained(folder / name)
        found = None if recites is None else evaluation(adapter, recites=recites)
        register(adapter, evaluation=found)
    return folder


def prepared(
    registry: Path,
    *adapters: str,
    roles: Sequence[ServedRole] = ("narrator",),
    model: str = "",
    machine: str = "rtx-5090",
    catalog: Catalog = CATALOG,
    **settings: dict[str, Any],
) -> PreparedServers:
    given = {"roles": settings, "write": {"registry": str(registry)}}
    wish = Wish(roles, {"narrator": model} if model else {}, adapters)
    preset = catalog.preset(machine)
    return prepare_servers(wish, preset, catalog, Settings.model_validate(given))


def served(found: PreparedServers) -> list[str]:
    (command,) = found.commands
    return [adapter.name for adapter in command.plan.adapters]


def test_each_role_is_served_by_the_machines_model_without_a_word(registry: Path) -> None:
    found = prepared(registry, roles=BOTH)
    assert [command.plan.roles for command in found.commands] == [("reasoning",), ("narrator",)]
    assert [share.plan for share in found.fit.shares] == [c.plan for c in found.commands]
    assert found.environment.device == "cuda"
    assert found.notices == ()
    assert all(command.plan.adapters == () for command in found.commands)


def test_the_machine_and_the_model_are_those_that_are_asked_for(registry: Path) -> None:
    found = prepared(registry, model="smollm2-135m-instruct", machine="cpu")
    assert found.commands[0].plan.entry.name == "smollm2-135m-instruct"
    assert found.environment.device == "cpu"
    with pytest.raises(ServingMemoryError):
        prepared(registry, model="qwen3-32b", machine="rtx-4090")


def test_adapters_are_loaded_by_name_and_by_folder_each_once(registry: Path) -> None:
    new = registry / "new"
    found = prepared(registry, "austen", str(new), "austen", str(new / "adapter"))
    assert served(found) == ["austen", "new"]
    assert found.notices == tuple(
        UNKNOWN.format(name, "It was not evaluated.") for name in (new, new / "adapter")
    )
    (adapter, _) = found.commands[0].plan.adapters
    assert (adapter.folder, adapter.rank) == (registry / "austen" / "adapter", 16)


def test_a_folder_that_is_not_registered_goes_by_its_own_name(
    registry: Path, tmp_path: Path
) -> None:
    folder = bare_adapter(tmp_path / "mine")
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    found = prepared(registry, f"{folder}/../mine")
    assert served(found) == ["mine"]
    (notice,) = found.notices
    assert "adapter" in notice


def test_the_narrators_own_adapter_is_loaded_where_it_is_a_folder(registry: Path) -> None:
    assert served(prepared(registry, narrator={"adapter": str(registry / "austen")})) == ["austen"]
    assert served(prepared(registry, narrator={"adapter": "austen"})) == []
    own = prepared(registry, "new", narrator={"adapter": str(registry / "austen")})
    assert served(own) == ["new", "austen"]


def test_only_the_narrators_server_loads_adapters(registry: Path) -> None:
    alone = prepared(registry, "nowhere", roles=("reasoning",))
    assert served(alone) == []
    assert alone.notices == ()
    reasoning, narrator = prepared(registry, "austen", roles=BOTH).commands
    assert reasoning.plan.adapters == ()
    assert [adapter.name for adapter in narrator.plan.adapters] == ["austen"]


def test_one_that_failed_or_is_not_there_is_refused(registry: Path, tmp_path: Path) -> None:
    for named in ("poe", str(registry / "poe")):
        with pytest.raises(AdapterRefusedError, match="failed the gate"):
            prepared(registry, named)
    with pytest.raises(ConfigError) as refused:
        prepared(registry, "nowhere")
    assert refused.value.message == (
        f"There is no adapter 'nowhere': no such folder, and none of that name in {registry}."
    )
    assert refused.value.fix == "novelcraft adapter list shows what there is."


def test_of_the_registered_ones_of_a_base_those_that_passed_are_offered(registry: Path) -> None:
    entry = CATALOG.models["qwen2.5-7b-instruct-awq"]
    own = entry.model_copy(update={"name": "own", "hub": "owner/base"})
    catalog = CATALOG.model_copy(update={"models": {**CATALOG.models, "own": own}})
    offered = prepared(registry, model="own", catalog=catalog)
    left_out = "{} is not loaded: it has not passed the gate."
    assert served(offered) == ["austen"]
    assert offered.notices == (left_out.format("new"), left_out.format("poe"))
    # One that a person names is loaded, and is not told of as left out.
    named = prepared(registry, "new", model="own", catalog=catalog)
    assert served(named) == ["austen", "new"]
    assert named.notices == (
        UNKNOWN.format("new", "It was not evaluated."),
        left_out.format("poe"),
    )


@pytest.mark.parametrize("where", ["sampling", "extra"])
def test_what_a_role_asks_for_must_have_an_effect_on_its_server(registry: Path, where: str) -> None:
    """This model guesses further tokens, and vLLM passes over `min_p` then."""
    prepared(registry, roles=("reasoning",), machine="h200")
    with pytest.raises(ConfigError, match="min_p"):
        prepared(registry, roles=("reasoning",), machine="h200", reasoning={where: {"min_p": 0.1}})


def test_a_name_that_is_no_sampling_parameter_is_refused(registry: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[roles\.narrator\] sampling has 'tempo'"):
        prepared(registry, narrator={"sampling": {"tempo": 1}})
