"""What an evaluation asks of a narrator. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from novelcraft.prompts.narrator import NarratorInput

Side = Literal["base", "tuned"]
"""The base model without the adapter, or with it."""

Narrate = Callable[[Sequence[NarratorInput], Side], list[str]]
"""Writes a scene to each of the prompts, in their order. The prompts do not depend on each other."""
