"""The tools from a shell, and the graphs that langgraph.json names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from novelcraft.doors.catalogue import TOOLS
from tests.agents.test_registry import PROSE
from tests.doors.conftest import environ_of
from tests.fakes.server import FakeServer


def shell(*arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "novelcraft", *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environ},
        check=False,
    )


def test_json_goes_in_and_json_comes_out(fake_server: FakeServer, tmp_path: Path) -> None:
    environ = environ_of(fake_server, tmp_path)
    ended = shell("agent", "extract-facts", given=json.dumps({"prose": PROSE}), **environ)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout).keys() == {"facts"}


def test_the_tools_and_their_schemas_are_listed() -> None:
    listed = shell("agent").stdout
    assert all(tool.name.replace("_", "-") in listed for tool in TOOLS)
    shown = json.loads(shell("agent", "recall", "--schema").stdout)
    assert shown.keys() == {"input", "output"}


def test_bad_input_has_its_code() -> None:
    for arguments, given in ((("agent", "recall"), "{"), (("agent", "nothing"), "{}")):
        ended = shell(*arguments, given=given)
        assert ended.returncode == 10
        assert "Traceback" not in ended.stderr
        assert ended.stdout == ""


def test_a_novel_answers(fake_server: FakeServer, folder: Path, tmp_path: Path) -> None:
    environ = environ_of(fake_server, tmp_path)
    ended = shell("ask", str(folder), "Who keeps the lamp of the sea?", **environ)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip()


def test_langgraph_json_names_graphs_that_compile() -> None:
    named = json.loads(Path("langgraph.json").read_text("utf-8"))["graphs"]
    for place in named.values():
        module, _, attribute = place.partition(":")
        assert getattr(import_module(module), attribute)().get_graph().nodes
