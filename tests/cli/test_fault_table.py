"""The page of faults is what a run gives, row by row; a planted key is in nothing of that run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.fault_table import FAULTS, PAGE, Begun, begin, rows
from tests.cli.test_canary import contents, holds
from tests.fakes.faults import Fault

SHOWN = rows(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    return begin(tmp_path_factory.mktemp("begun"))


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.what) for f in FAULTS if not f.alike])
def test_a_fault_looks_as_the_page_says(begun: Begun, fault: Fault, tmp_path: Path) -> None:
    ran = begun.run(fault, tmp_path)
    assert ran.row == SHOWN[FAULTS.index(fault)], "run: python -m tests.cli.fault_table"
    assert ran.kept
    assert not any("Traceback" in said.err for said in ran.said)
    assert not any(holds(said.out + said.err) for said in ran.said)
    assert [name for name, data in contents(tmp_path) if holds(data)] == []


def test_the_page_has_a_row_for_each_fault() -> None:
    assert [row.split(" | ")[0] for row in SHOWN] == [f"| {fault.what}" for fault in FAULTS]
    assert len({fault.what for fault in FAULTS}) == len(FAULTS)
