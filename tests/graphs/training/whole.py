"""A book, a base and settings so small that the whole pipeline takes seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from novelcraft.config.names import variables
from tests.graphs.prep.conftest import novel

PREP = """
[prep]
models = false
embedding = "hash"
layout = "lean"
scene_low = 300
scene_high = 600
max_row_tokens = 900
validation = 0.25
[prep.budget]
system = 150
world = 0
summary = 0
brief = 80
spare = 60
"""


def settings(**given: Any) -> dict[str, Any]:
    """Settings of a run, all paths relative to its place."""
    return {
        "base_model": "base",
        "data": "data",
        "output": "run",
        "device": "cpu",
        "max_length": 900,
        "packing": False,
        "lora_r": 8,
        "lora_alpha": 16.0,
        "learning_rate": 5e-3,
        "per_device_batch_size": 2,
        "gradient_accumulation_steps": 1,
        "max_steps": 12,
        "eval_steps": 4,
        "save_steps": 3,
        "sample_steps": 0,
        "early_stopping": False,
        "evaluation_words": 2000,
        "books_licence": "Written for these tests.",
        **given,
    }


def place(folder: Path, base: Path, **given: Any) -> Path:
    """A folder with the base, a book and the settings of a run."""
    folder.mkdir(exist_ok=True)
    (folder / "base").symlink_to(base, target_is_directory=True)
    (folder / "night.md").write_text(novel("night", 12, 150), encoding="utf-8")
    (folder / "config.toml").write_text(PREP, encoding="utf-8")
    (folder / "run.yaml").write_text(json.dumps(settings(**given)), encoding="utf-8")
    return folder


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    """The program in that folder, as a person starts it."""
    environment = {k: v for k, v in os.environ.items() if k not in variables()}
    environment |= {"NOVELCRAFT_CONFIG": "config.toml", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "from novelcraft.cli import main; main()"]
    return subprocess.Popen(
        [*command, "train", "run.yaml", "--books", "night.md", *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
