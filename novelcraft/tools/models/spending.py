"""What calls may take together, in tokens and in money, and the stop before that is passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleSettings
from novelcraft.errors import ConfigError, CostCapError
from novelcraft.state.calls import ModelLine, Usage


@dataclass
class Spent:
    """What calls took."""

    tokens: int = 0
    """Of prompts and answers, those from a cache included."""
    cost: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.tokens + other.tokens, self.cost + other.cost)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.tokens - other.tokens, self.cost - other.cost)


class Spending:
    """Holds calls to the limits of the settings. Without limits it lets everything pass.

    Args:
        settings: Limits, and the prices of each role's tokens.
        before: What earlier runs took.

    Raises:
        ConfigError: Money is limited, and no role has a price.
    """

    def __init__(self, settings: Settings, before: Iterable[ModelLine]) -> None:
        self._most_tokens = settings.write.most_tokens
        self._most_cost = settings.write.most_cost
        self._roles: Mapping[str, RoleSettings] = {r: getattr(settings.roles, r) for r in ROLES}
        if self._most_cost and not any(r.price_in or r.price_out for r in self._roles.values()):
            raise ConfigError(
                f"[write] most_cost = {self._most_cost:g}, and no role has a price.",
                fix="Set price_in and price_out of [roles.…], for a million tokens each.",
            )
        self._spent = Spent()
        self._reserved = Spent()
        """The most that the calls in flight may take."""
        if self.limited:
            for line in before:
                self._spent += self._of(line.role, line.prompt_tokens, line.completion_tokens)

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self._most_tokens or self._most_cost)

    @contextmanager
    def reserve(self, role: str, prompt: int, answer: int) -> Iterator[None]:
        """Hold back the most that a call may take, while it is made.

        Args:
            role: Who asks.
            prompt: Tokens of the prompt.
            answer: Tokens of the longest answer, thinking included.

        Raises:
            CostCapError: With them a limit could be passed.
        """
        wanted = self._of(role, prompt, answer)
        total = self._spent + self._reserved + wanted
        if self._most_tokens and total.tokens > self._most_tokens:
            raise self._refusal(role, f"{self._most_tokens:,} tokens", "most_tokens")
        if self._most_cost and total.cost > self._most_cost:
            raise self._refusal(role, f"a cost of {self._most_cost:g}", "most_cost")
        self._reserved += wanted
        try:
            yield
        finally:
            self._reserved -= wanted

    def add(self, role: str, usage: Usage) -> None:
        """Count what a call took."""
        self._spent += self._of(role, usage.prompt_tokens, usage.completion_tokens)

    def _of(self, role: str, prompt: int, answer: int) -> Spent:
        given = self._roles.get(role)
        return Spent(prompt + answer, given.cost(prompt, answer) if given else 0.0)

    def _refusal(self, role: str, limit: str, name: str) -> CostCapError:
        cost = f", which cost {self._spent.cost:.2f}" if self._spent.cost else ""
        return CostCapError(
            f"The next call of the role {role} could pass the limit of {limit}. So far "
            f"{self._spent.tokens:,} tokens were spent{cost}.",
            fix=f"Set a larger [write] {name}.",
        )
