"""What may be loaded when, and what a fresh interpreter pays for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# Each costs a good part of a second, or a gigabyte, before the program says its first word.
HEAVY = {
    "alembic",
    "chromadb",
    "gguf",
    "huggingface_hub",
    "langchain_openai",
    "langgraph",
    "onnx",
    "onnxruntime",
    "openai",
    "pypandoc",
    "sqlalchemy",
    "torch",
    "transformers",
    "xllamacpp",
}

_REPORT = "\nimport json, sys; json.dump(sorted(sys.modules), sys.stderr)"
_HELP = """
import sys
from novelcraft.cli import main
sys.argv = ["novelcraft", *{arguments}]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
"""


def loaded(code: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has loaded after `code`."""
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", code + _REPORT],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stderr)}


def test_importing_the_package_loads_nothing_else() -> None:
    assert HEAVY & loaded("import novelcraft") == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["write", "--help"], ["adapter", "--help"]]
)
def test_asking_for_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert HEAVY & loaded(_HELP.format(arguments=arguments)) == set()


TRAINING = (
    *("preview", "serving.served", "shapes.bases", "planning.planner"),
    *(f"settings.{name}" for name in ("config", "load", "validate", "start_adapter")),
    *(f"data.{name}" for name in ("rows", "packing", "preferences", "preference_folder")),
    *(f"training.{name}" for name in ("checkpoints", "process", "worker")),
    *(
        f"adapters.{name}"
        for name in ("folder", "fingerprint", "trained", "origin", "evaluation_file")
    ),
    *(f"registry.{name}" for name in ("cards", "gate", "lookup")),
    *(f"evaluation.{name}" for name in ("process", "worker", "measuring", "probes")),
)


@pytest.mark.parametrize("module", TRAINING)
def test_settings_and_rows_of_training_load_no_training_stack(module: str) -> None:
    stack = {"torch", "transformers", "peft", "trl", "datasets", "accelerate", "safetensors"}
    assert stack & loaded(f"import novelcraft.finetune.{module}") == set()


def test_writing_loads_no_training_stack() -> None:
    assert {"torch", "transformers"} & loaded("import novelcraft.graphs.novel") == set()


def test_running_the_whole_pipeline_loads_no_training_stack() -> None:
    assert {"torch", "transformers"} & loaded("import novelcraft.cli.train_run") == set()


def test_the_probe_sees_what_is_loaded() -> None:
    assert "sqlalchemy" in loaded("import sqlalchemy")
