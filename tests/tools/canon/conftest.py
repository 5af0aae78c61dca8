from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories, postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new database may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "novel.db")
    return postgres.new_schema(request.getfixturevalue("postgres_url"), f"novel_{uuid4().hex}")


@pytest.fixture
def store(target: str) -> Iterator[ManuscriptStore]:
    """An empty novel with a branch and a plan, in each kind of database."""
    with ManuscriptStore.create(target) as opened:
        begin(opened)
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A SQLite file with a novel of three scenes."""
    path = tmp_path / "novel.db"
    with ManuscriptStore.create(path) as opened:
        begin(opened)
        for commit in factories.chain(3):
            opened.commit("main", commit)
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes the rights of root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def begin(store: ManuscriptStore) -> None:
    store.create_branch("main", head=None, plan_version=None)
    store.add_plan("main", factories.plan())
