"""The gate lets through what was measured and is within its limits, and nothing else."""

from __future__ import annotations

from pathlib import Path

from novelcraft.finetune.adapters.fingerprint import weights_hash
from novelcraft.finetune.registry.gate import LEAST_WORDS, gate_result
from novelcraft.state.memory import MemoryLimits
from tests.finetune.cards import RECITES, evaluation, trained


def test_what_recites_nothing_passes(tmp_path: Path) -> None:
    found = gate_result(evaluation(trained(tmp_path)))
    assert (found.verdict, found.reasons) == ("passed", ())
    assert found.limits == MemoryLimits(run_words=20, overlap=0.05)
    assert (found.longest_run, found.largest_overlap, found.leaked_names) == (0, 0.02, 0)


def test_what_recites_fails_with_all_reasons(tmp_path: Path) -> None:
    found = gate_result(evaluation(trained(tmp_path), recites=True))
    assert found.verdict == "failed"
    assert found.reasons[0].startswith(RECITES)
    assert len(found.reasons) == 2
    assert (found.longest_run, found.leaked_names) == (31, 1)


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
