"""Loading numpy, in an interpreter of its own that has not yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TWO_THREADS = """
import sys, threading, time
from importlib.abc import MetaPathFinder
from pathlib import Path

from novelcraft.tools.canon.embedders import HashEmbedder
from novelcraft.tools.canon.index import PassageIndex
from novelcraft.tools.metrics.overlap import cross_copying

half_way = threading.Event()

class Pause(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "numpy._core" and not half_way.is_set():
            half_way.set()
            time.sleep(0.5)

def look_for_copies():
    cross_copying([["one", "two", "three", "four", "five", "six"]])

def open_the_index():
    half_way.wait(60)
    PassageIndex(Path("index"), HashEmbedder()).missing([])

assert "numpy" not in sys.modules
sys.meta_path.insert(0, Pause())
faults = []
threading.excepthook = lambda hook: faults.append(hook.exc_value)
threads = [threading.Thread(target=do) for do in (look_for_copies, open_the_index)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert half_way.is_set()
assert not faults, faults
"""


def test_two_threads_may_need_it_at_once(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", TWO_THREADS], capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
