"""What an installed package must bring along, beside its modules."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import novelcraft
from novelcraft.tools.models.adapters import HOUSE_FOLDER

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "novelcraft"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, as hatchling builds it from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    kinds = {Path(name).suffix for name in wanted}
    assert {".py", ".typed", ".jinja", ".css", ".mako"} <= kinds
    assert wanted <= set(wheel.namelist())


def test_the_wheel_brings_the_house_narrator_with_its_card_and_books(
    wheel: zipfile.ZipFile,
) -> None:
    folder = HOUSE_FOLDER.relative_to(ROOT).as_posix()
    held = {name for name in wheel.namelist() if name.startswith(f"{folder}/")}
    named = ("README.md", "adapter.gguf", "books.json", "card.json")
    assert held == {f"{folder}/{name}" for name in named}
    assert wheel.read(f"{folder}/adapter.gguf").startswith(b"GGUF")


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert tops == {"novelcraft", f"novelcraft-{novelcraft.__version__}.dist-info"}


def test_the_metadata_names_version_licence_and_command(wheel: zipfile.ZipFile) -> None:
    info = f"novelcraft-{novelcraft.__version__}.dist-info"
    metadata = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
    assert metadata["Version"] == novelcraft.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "novelcraft = novelcraft.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert b"TERMS AND CONDITIONS" in wheel.read(f"{info}/licenses/LICENSE")


@pytest.fixture(scope="module")
def required(wheel: zipfile.ZipFile) -> list[Requirement]:
    """What the wheel wants installed, its extras among it."""
    metadata = wheel.read(f"novelcraft-{novelcraft.__version__}.dist-info/METADATA").decode()
    return [Requirement(line) for line in Parser().parsestr(metadata).get_all("Requires-Dist", [])]


def test_the_core_requires_no_training_stack(required: list[Requirement]) -> None:
    core = {one.name for one in required if "extra" not in str(one.marker or "")}
    assert core
    assert not any(name.startswith(("torch", "transformers", "vllm", "ray")) for name in core)


def test_extras_can_be_installed_together(required: list[Requirement]) -> None:
    # It wants transformers < 5.20, and training wants a later one.
    assert "vllm" not in {one.name for one in required}


@pytest.mark.parametrize("name", ["langchain-openai", "openai", "peft", "transformers", "trl"])
def test_what_is_overridden_has_an_upper_bound(required: list[Requirement], name: str) -> None:
    bounds = [part.operator for one in required if one.name == name for part in one.specifier]
    assert "<" in bounds


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    _, newest, *_ = changelog.split("\n## [")
    assert newest.startswith(f"{novelcraft.__version__}] - ")
    assert "\n- " in newest


def test_make_refuses_an_old_python(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    command = ["make", "install", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stdout
    assert not (tmp_path / "venv").exists()
