"""Every seeded fault is found and quoted, and nothing else is found; clean scenes are clean."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from novelcraft.tools.checks import CheckInput, check_scene
from tests.tools.checks.fitting import fitting
from tests.tools.checks.scenes import SCENES
from tests.tools.checks.seeded import FAULTS, Fault, overlaps

TOLD = Path(__file__).parent / "golden" / "told.txt"
STYLES = {
    "curly": "third person, past tense",
    "straight": "third person, past tense",
    "first person": "first person, past tense",
}


def clean(name: str) -> CheckInput:
    others = [text for other, text in SCENES.items() if other != name]
    lead = "Elias Marrow" if name == "curly" else "Anna Veil"
    return fitting(SCENES[name], others, STYLES[name], lead)


@pytest.mark.parametrize("name", SCENES)
def test_a_clean_scene_is_found_clean(name: str) -> None:
    assert check_scene(clean(name)) == ()


CASES = {
    f"{fault.name}, {name}": (fault, seeded, name not in fault.unseen_in)
    for fault in FAULTS
    for name in SCENES
    if (seeded := fault.seed(clean(name), random.Random(fault.name))) is not None
}


@pytest.mark.parametrize(("fault", "seeded", "seen"), CASES.values(), ids=CASES)
def test_a_seeded_fault_is_found_and_quoted(
    fault: Fault, seeded: tuple[CheckInput, str], seen: bool
) -> None:
    broken, planted = seeded
    found = {f.check: f for f in check_scene(broken)}
    assert (fault.check in found) == seen
    if seen:
        assert overlaps(found[fault.check].evidence, planted)
    assert found.keys() <= {fault.check, *fault.also}


def test_each_fault_fits_some_scene() -> None:
    assert {fault for fault, *_ in CASES.values()} == set(FAULTS)


def test_each_fault_is_seen_or_named_as_unseen_in_a_scene_that_it_fits() -> None:
    unseen = {f"{fault.name}, {name}" for fault in FAULTS for name in fault.unseen_in}
    assert unseen <= CASES.keys()


@pytest.mark.parametrize("broken", [seeded[0] for _, seeded, _ in CASES.values()], ids=CASES)
def test_findings_quote_verbatim_and_tell_a_redraft_what_to_do(broken: CheckInput) -> None:
    for finding in check_scene(broken):
        assert all(quote in broken.prose for quote in finding.evidence)
        assert finding.message.endswith(".")
        assert finding.constraint.endswith(".")
        assert "\n" not in finding.constraint


def test_what_a_person_and_the_narrator_are_told_is_golden() -> None:
    told: dict[str, str] = {}
    for broken, _ in (seeded for _, seeded, _ in CASES.values()):
        for found in check_scene(broken):
            told.setdefault(found.message, f"{found.check}: {found.message} -> {found.constraint}")
    # Of findings that differ in their numbers the first stands for all.
    lines = {re.sub(r"\d+", "0", line): line for line in reversed(told.values())}
    assert sorted(lines.values()) == TOLD.read_text(encoding="utf-8").splitlines()


def test_an_exempted_finding_is_not_reported() -> None:
    scene = fitting("She waited on the rocks, and the", style="plain")
    found = check_scene(scene)
    keys = {f.key for f in found}
    assert any(key.startswith("prose.cut_off:") for key in keys)
    assert check_scene(scene, keys) == ()


def test_the_same_scene_gives_the_same_findings_in_the_same_order() -> None:
    scene = fitting("## One\n\nThe sea.The sea,the\n\nAssistant: I", style="plain")
    first = check_scene(scene)
    assert [f.check for f in first] == ["prose.cut_off", "prose.fused", "prose.leak"]
    assert check_scene(fitting(scene.prose, style="plain")) == first
