from __future__ import annotations

import os
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from novelcraft.errors import ProjectBusyError, ReadOnlyError
from novelcraft.tools.storage.files import sweep_unfinished
from novelcraft.tools.storage.lock import HOLDER_FILE, ProjectLock, holder
from tests.tools.children import Children, hold_lock, lock_folder, stop_while_writing


def test_one_at_a_time(tmp_path: Path) -> None:
    with ProjectLock(tmp_path):
        with pytest.raises(ProjectBusyError) as caught, ProjectLock(tmp_path):
            pass
        assert str(tmp_path) in caught.value.message
        assert f"process {os.getpid()} on " in caught.value.message
    with ProjectLock(tmp_path):
        pass


def test_the_lock_of_a_killed_process_is_free(children: Children, tmp_path: Path) -> None:
    holder = children.start(hold_lock, tmp_path)
    while not (tmp_path / "held").exists():
        time.sleep(0.001)
    with pytest.raises(ProjectBusyError, match=f"process {holder.pid} "), ProjectLock(tmp_path):
        pass
    holder.kill()
    holder.wait()
    with ProjectLock(tmp_path):
        pass


def test_what_a_killed_process_was_writing_is_removed(children: Children, tmp_path: Path) -> None:
    holder = children.start(stop_while_writing, tmp_path)
    while not (tmp_path / "writing").exists():
        time.sleep(0.001)
    exports = tmp_path / "exports"
    (half,) = exports.iterdir()
    sweep_unfinished(tmp_path)
    assert half.exists(), "its writer is still at it"
    elsewhere = exports / ".writing-another-machine-1-abc"
    elsewhere.touch()
    holder.kill()
    holder.wait()
    with ProjectLock(tmp_path):
        assert list(exports.iterdir()) == [elsewhere]


def test_a_read_only_folder(children: Children, open_folder: Path) -> None:
    open_folder.chmod(0o555)
    assert children.exit_code(lock_folder, open_folder) == ReadOnlyError.exit_code


def test_who_holds_a_folder_can_be_asked_by_all(children: Children, tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    process = children.start(hold_lock, tmp_path)
    while not (tmp_path / "held").exists():
        time.sleep(0.001)
    found = holder(tmp_path)
    assert found is not None
    assert (found.pid, found.host) == (process.pid, socket.gethostname())
    assert datetime.fromisoformat(found.since) <= datetime.now(UTC)
    process.kill()
    process.wait()
    assert (tmp_path / HOLDER_FILE).exists()
    assert holder(tmp_path) is None, "it is dead"


def test_asking_who_holds_a_folder_keeps_it_from_nobody(tmp_path: Path) -> None:
    with ProjectLock(tmp_path):
        pass
    asking = threading.Event()

    def ask() -> None:
        while not asking.is_set():
            holder(tmp_path)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for _ in range(50):
            with ProjectLock(tmp_path):
                pass
    finally:
        asking.set()
        thread.join()
