"""The questions of an attended run."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from novelcraft.cli.gates import Asker
from novelcraft.cli.readers import QuietReader
from novelcraft.state.gates import Decision, GateRequest

REQUEST = GateRequest(gate="scene", about="scene 3", text="The lamp went out.")


def answered(keys: str) -> tuple[Decision, str]:
    """The decision that follows from what is typed, and what was shown."""
    decisions: list[Decision] = []
    app = typer.Typer()

    @app.command()
    def ask() -> None:
        decisions.append(Asker(QuietReader())(REQUEST))

    result = CliRunner().invoke(app, [], input=keys)
    assert result.exit_code == 0, result.output
    return decisions[0], result.output


@pytest.mark.parametrize(
    ("keys", "decision"),
    [
        ("a\n", Decision(action="accept")),
        ("\n", Decision(action="accept")),
        ("Accept\n", Decision(action="accept")),
        ("r\n more sea \n", Decision(action="redraw", note="more sea")),
        ("r\n\n", Decision(action="redraw")),
        ("s\n", Decision(action="stop")),
        ("x\n?\ns\n", Decision(action="stop")),
        ("", Decision(action="stop")),
        ("r\n", Decision(action="stop")),
    ],
)
def test_answers(keys: str, decision: Decision) -> None:
    assert answered(keys)[0] == decision


def test_the_person_sees_what_it_is_about() -> None:
    shown = answered("a\n")[1]
    assert "scene 3" in shown
    assert "The lamp went out." in shown
