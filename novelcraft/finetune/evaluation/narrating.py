"""How whatever needs prose asks for it, without knowing of models. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from novelcraft.prompts.narrator import NarratorInput

Side = Literal["base", "tuned"]
"""The base model without and with the adapter."""


class Narrate(Protocol):
    """Writes scenes."""

    def __call__(self, given: Sequence[NarratorInput], side: Side, /) -> list[str]:
        """A scene for each input, in order, without think blocks and the blanks around it.

        The inputs are laid out by the one narrator prompt within the budgets of the rows that
        the adapter was trained on; a part whose budget is 0 there (mostly canon notes and tail)
        is left out, and the brief is never cut. What is drawn depends on the evaluation's seed,
        the prompt and the side's weights alone: the same input gives the same scene again, and
        base and tuned draw with the same random numbers. They are written a batch at a time, so
        give all that do not wait for each other in one call. A scene may be empty.
        """
