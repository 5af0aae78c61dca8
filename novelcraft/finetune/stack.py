"""The packages that training needs, which the rest of the program does without."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec

from novelcraft.errors import TrainingStackError

STACK = ("torch", "transformers", "peft", "trl", "datasets", "accelerate", "bitsandbytes")


def require_stack() -> None:
    """See that what training needs is installed.

    Raises:
        TrainingStackError: Something is not; names it.
    """
    missing = [name for name in STACK if find_spec(name) is None]
    if missing:
        raise TrainingStackError(
            f"Training needs {', '.join(missing)}, which is not installed.",
            fix="Run `pip install novelcraft[train]`.",
        )


def stack_versions() -> dict[str, str]:
    """The versions of this program and of what it trains with."""
    return {name: version(name) for name in ("novelcraft", *STACK)}
