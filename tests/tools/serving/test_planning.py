"""Which servers are planned, and whether they fit before they start."""

from __future__ import annotations

import re

import pytest

from novelcraft.errors import ConfigError, ServingMemoryError
from novelcraft.tools.serving.catalog import Preset, ServedRole
from novelcraft.tools.serving.fitting import fit
from novelcraft.tools.serving.planning import plan_servers
from tests.tools.serving.machines import ADAPTER, BOTH, CATALOG

GPU = CATALOG.preset("rtx-4090")


@pytest.mark.parametrize("preset", CATALOG.presets.values(), ids=lambda preset: preset.name)
def test_every_machine_has_room_for_its_two_models(preset: Preset) -> None:
    plans = plan_servers(CATALOG, preset, BOTH)
    fitted = fit(plans, preset, CATALOG)
    fitted.require()
    assert sum(share.total for share in fitted.shares) <= fitted.usable
    for share in fitted.shares:
        assert share.least <= share.cache <= share.most


def test_each_role_has_a_server_and_a_port_of_its_own() -> None:
    reasoning, narrator = plan_servers(CATALOG, GPU, BOTH)
    assert (reasoning.port, narrator.port) == (8150, 8151)
    assert reasoning.url == "http://127.0.0.1:8150/v1"
    assert (reasoning.roles, narrator.roles) == (("reasoning",), ("narrator",))


def test_two_roles_of_one_model_share_a_server() -> None:
    same = dict.fromkeys(BOTH, "llama-3.1-8b-instruct-awq")
    (plan,) = plan_servers(CATALOG, GPU, BOTH, models=same, adapters={"narrator": [ADAPTER]})
    assert plan.roles == BOTH
    assert plan.adapters == (ADAPTER,)
    assert plan.context == 16_384
    assert plan.settings.sequences == GPU.reasoning.sequences + GPU.narrator.sequences


def test_a_context_is_no_longer_than_the_model_was_made_for() -> None:
    (plan,) = plan_servers(
        CATALOG,
        CATALOG.preset("gb10"),
        ["reasoning"],
        models={"reasoning": "smollm2-135m-instruct"},
    )
    assert plan.context == 8_192


def test_what_does_not_fit_is_refused_with_changes_of_which_each_would_do() -> None:
    plans = plan_servers(CATALOG, GPU, BOTH, models={"reasoning": "qwen2.5-14b-instruct-awq"})
    fitted = fit(plans, GPU, CATALOG)
    with pytest.raises(ServingMemoryError) as refused:
        fitted.require()
    assert "qwen2.5-14b-instruct-awq (reasoning): weights 10.0 GB" in refused.value.message
    assert "llama-3.1-8b-instruct-awq (narrator): weights 5.7 GB" in refused.value.message
    shorter = re.search(r"context = (\d+) for reasoning in place of 16384", refused.value.fix)
    smaller = re.search(r"--model reasoning=(\S+) in place of", refused.value.fix)
    assert shorter
    assert smaller
    context = GPU.reasoning.model_copy(update={"context": int(shorter[1])})
    changed = GPU.model_copy(update={"reasoning": context})
    models: dict[ServedRole, str] = {"reasoning": "qwen2.5-14b-instruct-awq"}
    fit(plan_servers(CATALOG, changed, BOTH, models=models), changed, CATALOG).require()
    fit(plan_servers(CATALOG, GPU, BOTH, models={"reasoning": smaller[1]}), GPU, CATALOG).require()
    assert "novelcraft serve reasoning" in refused.value.fix
    fit(plan_servers(CATALOG, GPU, ["reasoning"], models=models), GPU, CATALOG).require()


def test_what_no_change_makes_fit() -> None:
    tiny = GPU.model_copy(update={"memory_mib": 100})
    with pytest.raises(ServingMemoryError, match="more memory"):
        fit(plan_servers(CATALOG, tiny, BOTH), tiny, CATALOG).require()


def test_adapters_and_guessing_heads_take_memory() -> None:
    h200 = CATALOG.preset("h200")
    plain = fit(plan_servers(CATALOG, h200, ["narrator"]), h200, CATALOG).shares[0]
    (tuned,) = fit(
        plan_servers(CATALOG, h200, ["narrator"], adapters={"narrator": [ADAPTER]}), h200, CATALOG
    ).shares
    assert tuned.fixed - plain.fixed == tuned.adapters > 100_000_000
    guessing = fit(plan_servers(CATALOG, h200, ["reasoning"]), h200, CATALOG).shares[0]
    assert guessing.weights == guessing.plan.entry.weights + guessing.plan.entry.mtp_weights


def test_a_model_that_nothing_is_known_of() -> None:
    with pytest.raises(ConfigError, match=r"(?s)its sizes are not known.*qwen3-32b"):
        plan_servers(CATALOG, GPU, ["reasoning"], models={"reasoning": "some/other-model"})
