"""Commands, from plans."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from novelcraft.tools.serving.arguments import shipped_list
from novelcraft.tools.serving.catalog import Preset, ServedRole
from novelcraft.tools.serving.compose import ServeCommand, compose
from novelcraft.tools.serving.fitting import fit
from novelcraft.tools.serving.planning import ServedAdapterFile, plan_servers
from tests.tools.serving.machines import ADAPTER, BOTH, CATALOG, ENVIRONMENT


def commands(
    preset_name: str,
    roles: Sequence[ServedRole] = BOTH,
    *,
    models: dict[ServedRole, str] | None = None,
    adapters: Sequence[ServedAdapterFile] = (),
    preset: Preset | None = None,
) -> list[ServeCommand]:
    preset = preset or CATALOG.preset(preset_name)
    plans = plan_servers(CATALOG, preset, roles, models=models, adapters={"narrator": adapters})
    return compose(fit(plans, preset, CATALOG), preset, ENVIRONMENT)


def values(command: ServeCommand) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for argument in command.arguments:
        if argument.startswith("--"):
            found[argument] = []
        else:
            found[[*found][-1]].append(argument)
    return found


def test_two_models_on_a_card_are_each_told_their_cache() -> None:
    preset = CATALOG.preset("rtx-5090")
    reasoning, narrator = (values(c) for c in commands("rtx-5090"))
    shares = fit(plan_servers(CATALOG, preset, BOTH), preset, CATALOG).shares
    for found, share in zip((reasoning, narrator), shares, strict=True):
        (cache,) = found["--kv-cache-memory-bytes"]
        assert share.cache - (1 << 20) < int(cache) <= share.cache
    together = sum(float(v["--gpu-memory-utilization"][0]) for v in (reasoning, narrator))
    assert together <= preset.usable
    assert reasoning["--max-num-seqs"] == ["9"]
    assert reasoning["--port"] == ["8150"]
    assert narrator["--port"] == ["8151"]


def test_a_model_alone_on_a_card_measures_for_itself() -> None:
    (alone,) = map(values, commands("rtx-5090", ["narrator"]))
    assert "--kv-cache-memory-bytes" not in alone
    assert alone["--gpu-memory-utilization"] == ["0.92"]
    assert alone["--port"] == ["8151"]


def test_adapters_go_with_the_least_rank_that_holds_them() -> None:
    (command,) = commands("rtx-5090", ["narrator"], adapters=[ADAPTER])
    found = values(command)
    assert found["--max-lora-rank"] == ["32"]
    assert found["--max-loras"] == ["1"]
    (module,) = found["--lora-modules"]
    assert json.loads(module) == {"name": "brontë", "path": "/adapters/with a blank"}
    assert "--enable-lora" in found


def test_heads_that_guess_are_named_as_this_version_names_them() -> None:
    reasoning = values(commands("h200")[0])
    (speculative,) = reasoning["--speculative-config"]
    assert json.loads(speculative) == {"method": "mtp", "num_speculative_tokens": 2}
    assert reasoning["--reasoning-parser"] == ["deepseek_r1"]


def test_the_processor() -> None:
    (command,) = commands("cpu")
    found = values(command)
    assert "--no-enable-chunked-prefill" in found
    assert found["--max-num-batched-tokens"] == found["--max-model-len"] == ["4096"]
    assert found["--dtype"] == ["float32"]
    assert command.environment["LD_PRELOAD"] == "/environment/lib/libiomp5.so"
    assert command.environment["VLLM_CPU_OMP_THREADS_BIND"][0].isdigit()


def test_a_context_that_the_memory_decides() -> None:
    preset = CATALOG.preset("rtx-4090")
    narrator = preset.narrator.model_copy(update={"context": "auto"})
    changed = preset.model_copy(update={"narrator": narrator})
    (command,) = commands("", ["narrator"], preset=changed)
    assert values(command)["--max-model-len"] == ["auto"]
    shipped_list().check(command.arguments, command.environment)


def test_a_folder_is_served_without_asking_the_hub(tmp_path: Path) -> None:
    entry = CATALOG.models["smollm2-135m-instruct"]
    (tmp_path / "config.json").write_text(json.dumps(entry.config))
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    shard = len(header).to_bytes(8, "little") + header + bytes(8)
    (tmp_path / "model.safetensors").write_bytes(shard)
    (command,) = commands("cpu", ["narrator"], models={"narrator": str(tmp_path)})
    assert command.model == str(tmp_path.resolve())
    assert command.environment["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in commands("cpu", ["narrator"])[0].environment


def test_the_line_is_what_a_shell_reads_back() -> None:
    (command,) = commands("cpu", ["narrator"], adapters=[ADAPTER])
    words = shlex.split(command.line("/environment/bin/vllm"))
    given = len(command.environment)
    assert dict(w.split("=", 1) for w in words[:given]) == dict(command.environment)
    assert words[given:] == ["/environment/bin/vllm", "serve", command.model, *command.arguments]


def test_cores_are_those_that_this_process_may_use() -> None:
    (command,) = commands("cpu")
    cores = set()
    for run in command.environment["VLLM_CPU_OMP_THREADS_BIND"].split(","):
        first, _, last = run.partition("-")
        cores |= set(range(int(first), int(last or first) + 1))
    assert cores == os.sched_getaffinity(0)
