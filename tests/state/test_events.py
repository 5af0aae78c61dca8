from __future__ import annotations

import pytest
from pydantic import ValidationError

from novelcraft.state.events import WRITE_EVENTS, SceneCommitted, Waiting


def test_an_event_comes_back_as_its_own_class() -> None:
    committed = SceneCommitted(
        commit="c" * 64,
        scene_id="s001",
        position=1,
        scenes=4,
        words=600,
        words_total=600,
        target_words=2_400,
        accepted_by="cap",
        attempts=3,
    )
    for event in (committed, Waiting(gate="plan", about="version 1")):
        assert WRITE_EVENTS.parse(WRITE_EVENTS.line(event)) == event


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind"):
        WRITE_EVENTS.load({"kind": "something_else"})
