"""Which of the heavy packages a command loads: what it does not need, nobody waits for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = {"chromadb", "langgraph", "openai", "onnxruntime", "sqlalchemy", "torch", "transformers"}
OWN = {"novelcraft.cli.train", "novelcraft.finetune", "ruamel.yaml"}
"""What one kind of work needs, and writing does not."""

HELP = """
from novelcraft.cli import main
try:
    main({})
except SystemExit as ended:
    assert not ended.code
"""
NEW_INDEX = """
from pathlib import Path
from novelcraft.tools.canon.embedders import HashEmbedder
from novelcraft.tools.canon.index import PassageIndex
assert PassageIndex(Path("index"), HashEmbedder()).query("Who was there?", [], 3) == []
"""


def loaded(program: str, folder: Path) -> set[str]:
    """The heavy packages that a program has loaded at its end, in an interpreter of its own."""
    told = "\nimport json, sys\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program + told],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return (PACKAGES | OWN) & set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "program", [HELP.format(["--help"]), "import novelcraft"], ids=["help", "import"]
)
def test_what_needs_no_model_loads_none_of_them(program: str, tmp_path: Path) -> None:
    assert not loaded(program, tmp_path) & PACKAGES


def test_a_verb_loads_no_other(tmp_path: Path) -> None:
    assert loaded(HELP.format(["write", "--help"]), tmp_path) == set()


def test_a_run_without_adapters_loads_nothing_of_training(tmp_path: Path) -> None:
    assert loaded("import novelcraft.graphs.novel", tmp_path) == {"langgraph", "sqlalchemy"}


def test_an_index_is_not_opened_for_a_scene_that_none_is_before(tmp_path: Path) -> None:
    assert "chromadb" not in loaded(NEW_INDEX, tmp_path)
    assert not (tmp_path / "index").exists()
