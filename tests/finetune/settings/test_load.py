"""Settings of a run: one strict file, and errors that say where and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ConfigError
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import load_train_config, train_config
from novelcraft.finetune.settings.presets import PRESETS

LEAST = "base_model: owner/name\ndata: data\noutput: out\n"
MOE = "Qwen/Qwen3-30B-A3B-Thinking-2507"


def load(folder: Path, text: str, **overrides: Any) -> TrainConfig:
    file = folder / "train.yaml"
    file.write_text(text, encoding="utf-8")
    return load_train_config(file, overrides)


def settings(**given: Any) -> TrainConfig:
    return train_config({"base_model": "owner/name", "data": "d", "output": "o", **given})


def test_a_file_is_read_over_the_preset(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        f"{LEAST}learning_rate: 2e-5\nnum_epochs: 2\nlora_target_modules: [q_proj, v_proj]\n",
    )
    assert config.learning_rate == 2e-5
    assert config.num_epochs == 2.0
    assert config.lora_target_modules == ("q_proj", "v_proj")
    assert config.lora_r == 64


def test_the_command_line_has_the_last_word(tmp_path: Path) -> None:
    assert load(tmp_path, f"{LEAST}lora_r: 8\n", lora_r=32).lora_r == 32


@pytest.mark.parametrize(
    ("line", "said", "fix"),
    [
        ('lora_r: "64"', 'line 4: lora_r = "64": must be a whole number from 1 to 1024', "Change"),
        ("lora_r: 0", "lora_r = 0: must be a whole number", "Change lora_r in"),
        ("lora_dropout: 1.5", "must be a number from 0 to 0.9", "Change"),
        ("num_epochs: no", 'num_epochs = "no": must be a number above 0', "Change"),
        ("packing: 1", "packing = 1: must be true or false", "Change"),
        ("precision: int8", "must be one of auto, bf16, fp16, fp32", "Change"),
        ("lora_target_modules: q_proj", "must be a list of names", "Change"),
        ("lerning_rate: 1e-4", "line 4: lerning_rate: there is no such", "mean learning_rate?"),
        ("zzz: 1", "zzz: there is no such setting", "Known are: base_model, data"),
        ("preset: gpt", 'preset = "gpt": must be one of auto, dense', "Change"),
        ("lora_r: [8", "is not valid YAML", "Correct that line"),
        ("data: again", 'line 4 is not valid YAML: found duplicate key "data"', "stands once"),
    ],
)
def test_a_fault_names_file_line_key_value_and_fix(
    tmp_path: Path, line: str, said: str, fix: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"{LEAST}{line}\n")
    assert str(tmp_path / "train.yaml") in caught.value.message
    assert said in caught.value.message
    assert fix in caught.value.fix


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "base_model: m\nlora_r: 0\nseed: -1\n")
    for key in ("data is missing", "output is missing", "lora_r", "seed"):
        assert key in caught.value.message


@pytest.mark.parametrize("text", ["", "- a\n", "text\n", "1: 2\n"])
def test_a_file_without_settings_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="holds no settings"):
        load(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_train_config(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"use_dora": True}, "use_dora = true: no server takes an adapter with DoRA"),
        ({"modules_to_save": ["norm"]}, "no server takes an adapter with layers"),
        ({"desirable_weight": 2.0}, "it has no meaning with any method"),
        ({"lora_target_modules": ["q_proj", "mlp.gate"]}, "router"),
        ({"lora_target_modules": ["all-linear"]}, "routers"),
        ({"lora_target_modules": ["lm_head"]}, "lm_head is not served"),
        ({"lora_target_modules": []}, "nothing to train"),
        ({"tracker": "trackio"}, "that package is not installed"),
        ({"base_model": MOE, "lora_dropout": 0.1}, "cannot be applied to fused experts"),
    ],
)
def test_what_fails_without_a_word_is_refused_with_the_reason(
    given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        settings(**given)
    assert caught.value.fix


EARLIER = {
    "serve": True,
    "use_dora": False,
    "modules_to_save": [],
    "desirable_weight": 1.0,
    "undesirable_weight": 1.0,
}
"""Keys that every file and record of an earlier version holds."""


def test_files_of_earlier_versions_still_open() -> None:
    assert settings(**EARLIER) == settings()
    assert settings(serve=False) == settings()


def test_records_of_earlier_versions_still_open() -> None:
    plain = settings(method="dpo")
    record = {**plain.model_dump(mode="json"), **EARLIER, "use_dora": True, "method": "kto"}
    assert TrainConfig.from_record(record) == plain
    with pytest.raises(ValueError, match="lora_r"):
        TrainConfig.from_record({**record, "lora_r": "many"})


def test_kto_says_to_use_dpo() -> None:
    with pytest.raises(ConfigError, match='method = "kto": must be one of sft, dpo') as caught:
        settings(method="kto")
    assert "Set method: dpo" in caught.value.fix


def test_a_sparse_base_gets_small_adapters_on_its_experts_and_none_on_its_router() -> None:
    config = settings(base_model=MOE)
    assert config.lora_r == 16
    assert config.lora_dropout == 0
    assert config.load_in_4bit
    assert not settings(base_model=MOE, load_in_4bit=False).load_in_4bit
    assert config.lora_target_parameters == (
        "mlp.experts.gate_up_proj",
        "mlp.experts.down_proj",
    )
    assert not any("gate" in name for name in config.lora_target_modules)


@pytest.mark.parametrize(
    ("base", "rank", "four_bits"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", 64, True),
        ("Qwen/Qwen2.5-14B-Instruct", 64, True),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", 64, False),
    ],
)
def test_defaults_fit_the_base(base: str, rank: int, four_bits: bool) -> None:
    config = settings(base_model=base)
    assert (config.lora_r, config.load_in_4bit) == (rank, four_bits)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_stands_its_own_checks(name: str) -> None:
    assert settings(preset=name).preset == name


def test_a_base_in_the_home_folder_is_found_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    given = {"base_model": "~/base", "data": "data", "output": "run"}
    assert train_config(given).base_model == str(tmp_path / "base")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"output": "d"}, "data"),
        ({"output": "./d/rows"}, "data"),
        ({"output": "d/pairs/"}, "data"),
        ({"output": "models/../base", "base_model": "base"}, "base_model"),
    ],
)
def test_a_run_does_not_write_into_its_data_or_its_base(given: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=f"is a folder of {key}"):
        settings(**given)
    assert settings(output="d/run").output == "d/run"
