"""The gate lets through what was measured and is within its limits, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.finetune.adapters.fingerprint import weights_hash
from novelcraft.finetune.registry.gate import LEAST_WORDS, gate_result, standing_result
from novelcraft.state.evaluation import GateResult, GateVerdict
from novelcraft.state.memory import MemoryLimits, MemoryReport
from tests.finetune.cards import RECITES, evaluation, trained


def test_what_recites_nothing_passes(tmp_path: Path) -> None:
    found = gate_result(evaluation(trained(tmp_path)))
    assert (found.verdict, found.reasons) == ("passed", ())
    assert found.limits == MemoryLimits(run_words=20, overlap=0.05)
    assert (found.longest_run, found.largest_overlap, found.leaked_names) == (0, 0.02, 0)


def test_an_evaluation_of_before_near_copies_were_looked_for_does_not_let_pass(
    tmp_path: Path,
) -> None:
    found = evaluation(trained(tmp_path))
    old = found.memory.model_dump(exclude={"alike", "alike_share", "run_share"})
    given = gate_result(found.model_copy(update={"memory": MemoryReport.model_validate(old)}))
    assert given.verdict == "not_evaluated"
    assert "adapter eval" in given.reasons[0]


@pytest.mark.parametrize("name", MemoryLimits.model_fields)
def test_looser_limits_than_the_gates_let_nothing_pass(tmp_path: Path, name: str) -> None:
    found = evaluation(trained(tmp_path))
    looser = MemoryLimits.model_validate({name: 30 if name == "run_words" else 0.5})
    memory = found.memory.model_copy(update={"limits": looser})
    assert gate_result(found.model_copy(update={"memory": memory})).verdict == "not_evaluated"


def test_what_recites_fails_with_all_reasons(tmp_path: Path) -> None:
    found = gate_result(evaluation(trained(tmp_path), recites=True))
    assert found.verdict == "failed"
    assert found.reasons[0].startswith(RECITES)
    assert len(found.reasons) == 2
    assert (found.longest_run, found.leaked_names) == (31, 1)


@pytest.mark.parametrize("limits", [MemoryLimits(), MemoryLimits(run_words=25)])
def test_what_recites_fails_wherever_else_nobody_looked(
    tmp_path: Path, limits: MemoryLimits
) -> None:
    found = evaluation(trained(tmp_path), recites=True)
    few = found.memory.model_copy(update={"words": LEAST_WORDS - 1, "limits": limits})
    given = gate_result(found.model_copy(update={"memory": few}), earlier_rows=["0" * 64])
    assert given.verdict == "failed"
    assert given.reasons[0].startswith(RECITES)


@pytest.mark.parametrize(
    ("verdict", "words", "stands"),
    [
        ("passed", 6_100, False),
        ("passed", 6_099, True),
        ("not_evaluated", 0, True),
        ("failed", 100, True),
        ("failed", 9_000, False),
    ],
)
def test_a_failure_stands_until_as_many_words_say_otherwise(
    verdict: GateVerdict, words: int, stands: bool
) -> None:
    failed = GateResult(verdict="failed", reasons=("It recites.",), words=6_100)
    now = GateResult(verdict=verdict, reasons=("Newer.",), words=words)
    given = standing_result(failed, now)
    if not stands:
        assert given == now
        return
    assert (given.verdict, given.words, given.reasons[0]) == ("failed", 6_100, "It recites.")
    assert "at least 6,100 words" in given.reasons[1]
    # It is said once, however often it is asked.
    assert standing_result(given, now) == given
    passed = failed.model_copy(update={"verdict": "passed"})
    assert standing_result(passed, now) == now


def test_what_was_not_measured_does_not_pass(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    assert gate_result(None).verdict == "not_evaluated"
    found = evaluation(adapter)
    same = {"weights": weights_hash(adapter), "rows": found.data_hash}
    assert gate_result(found, **same).verdict == "passed"
    others = gate_result(found, **same | {"weights": "0" * 64})
    assert others.verdict == "not_evaluated"
    assert "other weights" in others.reasons[0]
    against = gate_result(found, **same | {"rows": "0" * 64})
    assert against.verdict == "not_evaluated"
    assert "other rows" in against.reasons[0]
    for loose in (MemoryLimits(run_words=21), MemoryLimits(overlap=0.06)):
        report = found.memory.model_copy(update={"limits": loose})
        loosely = gate_result(found.model_copy(update={"memory": report}), **same)
        assert loosely.verdict == "not_evaluated"
        assert "looser limits" in loosely.reasons[0]
    for words, verdict in ((LEAST_WORDS - 1, "not_evaluated"), (LEAST_WORDS, "passed")):
        report = found.memory.model_copy(update={"words": words})
        short = gate_result(found.model_copy(update={"memory": report}), **same)
        assert short.verdict == verdict
    before = gate_result(found, **same, earlier_rows=["0" * 64])
    assert before.verdict == "not_evaluated"
    assert "had learnt from other rows" in before.reasons[0]
