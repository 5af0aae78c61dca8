"""The real engine with an adapter: it changes what the role that names it writes, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from novelcraft.config.root import Settings
from novelcraft.config.settings import RoleName, RoleSettings
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.chat import ChatModels
from novelcraft.tools.models.opening import open_models
from tests.tools.models.support import everything, request

pytestmark = pytest.mark.engine

HIDDEN, RANK = 576, 4
"""Sizes of the embedded model, and of the adapter."""


def write_adapter(file: Path) -> Path:
    """An adapter for the small model that turns its last layer's attention about."""
    from gguf import GGUFWriter

    numbers = np.random.default_rng(0)
    writer = GGUFWriter(file, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(RANK))
    for layer in (0, 15, 29):
        for part, shape in (("lora_a", (RANK, HIDDEN)), ("lora_b", (HIDDEN, RANK))):
            values = numbers.normal(scale=0.2, size=shape).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.attn_output.weight.{part}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


async def written(models: ChatModels, role: RoleName) -> str:
    asked = request(role=role, max_tokens=24, sampling={"temperature": 0.0})
    models._log.records.clear()  # type: ignore[attr-defined]
    return (await models.stream(asked, everything)).text


async def test_an_adapter_is_used_by_the_role_that_names_it(weights: Path, tmp_path: Path) -> None:
    write_adapter(tmp_path / "adapter.gguf")
    bare = RoleSettings(model="embedded:smollm2-135m")
    voiced = RoleSettings(model="embedded:smollm2-135m", adapter=str(tmp_path))
    settings = Settings(roles={"reasoning": bare, "narrator": voiced})
    async with open_models(settings, MemoryLog()) as models:
        assert models.endpoint("narrator").server is models.endpoint("reasoning").server
        plain = await written(models, "reasoning")
        tuned = await written(models, "narrator")
        again = await written(models, "reasoning")
        assert tuned != plain
        assert again == plain
        assert await written(models, "narrator") == tuned
    roles = {"reasoning": bare, "narrator": bare}
    async with open_models(Settings(roles=roles), MemoryLog()) as models:
        assert await written(models, "narrator") == plain
