from __future__ import annotations

import sys

import pytest

from novelcraft.finetune.planning.accelerators import (
    VISIBLE,
    InstalledDevice,
    find_installed,
    host_memory,
    listed,
    visible,
)
from novelcraft.finetune.planning.planner import target_here
from novelcraft.finetune.settings.load import train_config

SAID = """\
0, GPU-1111aaaa-2b, 24564, NVIDIA GeForce RTX 4090
1, GPU-1111bbbb-3c, 12288, NVIDIA GeForce RTX 3060
2, GPU-2222cccc-4d, 81559, NVIDIA H100 80GB HBM3
"""
GIVEN = train_config({"base_model": "Qwen/Qwen3-8B", "data": "d", "output": "o"})


def numbers(wanted: str | None) -> list[str]:
    return [each.number for each in visible(listed(SAID), wanted)]


def test_accelerators_are_read() -> None:
    first = listed(SAID)[0]
    assert (first.name, first.uuid) == ("NVIDIA GeForce RTX 4090", "GPU-1111aaaa-2b")
    assert first.memory == pytest.approx(25.76, abs=0.01)


def test_memory_that_is_shared_with_the_host_is_the_host_s() -> None:
    (found,) = listed("0, GPU-1, [N/A], NVIDIA GB10\n")
    assert found == InstalledDevice("0", "GPU-1", host_memory(), "NVIDIA GB10")


@pytest.mark.parametrize(
    "said",
    ["", "No devices were found\n", "0, GPU-1, [Unknown Error], NVIDIA H100\n", "[GPU is lost]\n"],
)
def test_what_cannot_be_read_is_passed_over(said: str) -> None:
    assert listed(said) == []
    assert len(listed(said + SAID)) == 3


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (None, ["0", "1", "2"]),
        ("", []),
        ("-1", []),
        ("1", ["1"]),
        ("2, 0", ["2", "0"]),
        ("0,-1,2", ["0"]),
        ("0,7,2", ["0"]),
        ("GPU-2222cccc-4d", ["2"]),
        ("GPU-2222,0", ["2", "0"]),
        # Two begin so.
        ("GPU-1111", []),
        ("GPU-1111b", ["1"]),
        ("MIG-5e", ["0"]),
    ],
)
def test_those_count_that_a_process_may_use(wanted: str | None, shown: list[str]) -> None:
    assert numbers(wanted) == shown


def test_the_driver_s_tool_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    query = (sys.executable, "-c", f"print({SAID!r}, end='')")
    monkeypatch.delenv(VISIBLE, raising=False)
    assert len(find_installed(query)) == 3
    monkeypatch.setenv(VISIBLE, "2")
    assert [each.number for each in find_installed(query)] == ["2"]
    assert find_installed(("no-such-tool",)) == []
    assert find_installed((sys.executable, "-c", "raise SystemExit(9)")) == []


def test_a_run_is_planned_for_those_that_it_may_use() -> None:
    target = target_here(GIVEN, lambda: visible(listed(SAID), "2,0"))
    assert target.device is not None
    assert (target.device.name, target.devices) == ("RTX 4090", 2)
    assert target.memory == pytest.approx(25.76, abs=0.01)
    alone = target_here(GIVEN, lambda: visible(listed(SAID), ""))
    assert alone.device is not None
    assert (alone.device.kind, alone.devices) == ("cpu", 1)
