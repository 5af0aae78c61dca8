from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from novelcraft.config.presets import SMALL
from novelcraft.finetune.evaluation.probes import PROBES, ProbeScript, load_probe
from novelcraft.finetune.evaluation.probes.staging import Stage
from novelcraft.prompts.narrator import assemble
from novelcraft.state.evaluation import ProbeName
from tests.fakes import tokens


def values() -> dict[str, Any]:
    return load_probe("foreshadowing").model_dump(mode="json")


@pytest.mark.parametrize("probe", PROBES)
def test_every_probe_is_there_and_fits_the_smallest_prompt(probe: ProbeName) -> None:
    stage = Stage(load_probe(probe))
    assert stage.script.probe == probe
    for number in range(1, len(stage.script.scenes) + 1):
        given = stage.given(number, "full", "The end of the scene before. " * 3)
        prompt = assemble(given, SMALL.layout, tokens.count)
        assert [section.name for section in prompt.sections if section.trimmed] == []
        assert "in about 650 words" in "\n".join(given.brief)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda v: v["scenes"][1].update(place="moon"), "unknown place 'moon'"),
        (lambda v: v["scenes"][1].update(present=["nerys", "nobody"]), "not of the cast"),
        (lambda v: v["scenes"][1].update(pov="edda"), "somebody who is not there"),
        (lambda v: v["scenes"][1].update(summary=""), "has a summary before it"),
        (lambda v: v["scenes"][0].update(summary="It was so."), "has a summary before it"),
        (lambda v: v["span"].update(to_scene=9), "does not lie within"),
        (lambda v: v["looks"][0].update(scenes=[12]), "not there"),
        (lambda v: v["looks"][0].update(expect=["tune"]), "unknown families \\['tune'\\]"),
        (lambda v: v["looks"][0].update(expect=[]), "either expects or forbids"),
        (lambda v: v["looks"][0].update(unless=["spent"]), "excuses what is forbidden"),
        (lambda v: v["looks"][4].update(told="brief"), "does not tell what is expected"),
        (lambda v: v["scenes"][6].update(goal="She takes the whistle"), "the brief must not"),
        (lambda v: v["scenes"][6].update(summary="Nothing is left."), "must tell it"),
        (lambda v: v["scenes"][2].update(turn="The whistle shattered"), "what is forbidden"),
        (lambda v: v["families"].update(whistle=["(whistle"]), "no regular expression"),
        (lambda v: v["places"]["roof"].update(words=["["]), "no regular expression"),
        (lambda v: v.update(colour="green"), "Extra inputs"),
        (lambda v: v["scenes"][1].update(mood="dry"), "Extra inputs"),
        (lambda v: v.update(habits=["neat"]), "Input should be"),
    ],
)
def test_a_script_that_contradicts_itself_is_refused(fault: Any, said: str) -> None:
    given = values()
    fault(given)
    with pytest.raises(ValidationError, match=said):
        ProbeScript.model_validate(given)


def test_the_brief_of_a_plant_tells_it_and_that_of_the_payoff_does_not() -> None:
    stage = Stage(load_probe("foreshadowing"))
    first, last = "\n".join(stage.brief(1)), "\n".join(stage.brief(7))
    assert "Let the reader notice: a green glass whistle" in first
    assert "whistle" not in last
    assert "Deep water" not in last
