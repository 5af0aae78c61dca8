"""How long cuts and scenes may be."""

from __future__ import annotations

from dataclasses import dataclass

from novelcraft.errors import BudgetError


@dataclass(frozen=True)
class SceneLimits:
    """Tokens of cuts, and of the scenes that they are joined to.

    Raises:
        BudgetError: The limits contradict each other.
    """

    low: int = 2_000
    """Of the shortest scene that is not its chapter's remainder."""
    high: int = 3_000
    """Of the longest scene; none is ever longer."""
    cut_low: int = 400
    cut_high: int = 1_000
    best_low: int = 600
    """From here to `best_high` a cut has the best length."""
    best_high: int = 800

    def __post_init__(self) -> None:
        rising = (
            ("cut_low", "best_low"),
            ("best_low", "best_high"),
            ("best_high", "cut_high"),
            ("cut_high", "high"),
            ("low", "high"),
            ("cut_low", "low"),
        )
        if self.cut_low < 1:
            raise BudgetError(
                f"The shortest cut (cut_low) is {self.cut_low} tokens.",
                fix="Give it at least 1 token.",
            )
        for first, second in rising:
            short, long = getattr(self, first), getattr(self, second)
            if short > long:
                raise BudgetError(
                    f"The scene limit {first} ({short} tokens) is above {second} ({long} tokens).",
                    fix=f"Lower {first} to {long} or less, or raise {second}.",
                )

    def within(self, low: int, high: int) -> SceneLimits:
        """Limits for scenes of other lengths; cuts get shorter where such scenes ask for it.

        Raises:
            BudgetError: `low` is above `high`, or below 1.
        """
        cut_high = min(self.cut_high, high)
        best_high = min(self.best_high, cut_high)
        best_low = min(self.best_low, best_high)
        cut_low = min(self.cut_low, low, best_low)
        return SceneLimits(low, high, cut_low, cut_high, best_low, best_high)
