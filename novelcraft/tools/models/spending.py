"""What calls take together, in tokens and in money, and the stop before a limit is passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleSettings
from novelcraft.errors import ConfigError, CostCapError
from novelcraft.state.calls import CallRecord, ModelLine


@dataclass(frozen=True)
class Spent:
    """What calls took."""

    prompt_tokens: int = 0
    """Those from a cache included."""
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Of prompts and answers."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
        )


@dataclass
class Budget:
    """An amount of money that several novels of this process spend from."""

    limit: float | None
    """None for no bound."""
    spent: float = 0.0
    reserved: float = 0.0
    """The most that the calls in flight may take."""
    exhausted: bool = False
    """Whether a call was refused for it."""


class Spending:
    """Counts what a novel's calls take, and holds them to the limits of its settings.

    Without limits it lets everything pass.

    Args:
        settings: Limits, and the prices of each role's tokens.
        before: What earlier runs took.
        budget: What this novel and others may cost together.

    Raises:
        ConfigError: Money is limited, and no role has a price.
    """

    def __init__(
        self, settings: Settings, before: Iterable[ModelLine], budget: Budget | None = None
    ) -> None:
        self._most_tokens = settings.write.most_tokens
        self._most_cost = settings.write.most_cost
        self._budget = budget or Budget(None)
        self._roles: Mapping[str, RoleSettings] = {r: getattr(settings.roles, r) for r in ROLES}
        priced = any(r.price_in or r.price_out for r in self._roles.values())
        if (self._most_cost or self._budget.limit is not None) and not priced:
            raise ConfigError(
                "What may be spent is limited, and no role has a price.",
                fix="Set price_in and price_out under [roles.reasoning] and [roles.narrator], for "
                "a million tokens each; or take out [write] most_cost, cap or --budget.",
            )
        self.spent = Spent()
        """By all calls of the novel, over all runs."""
        self.seconds = 0.0
        """That those calls took."""
        self.answers = 0
        """Of this run's calls."""
        self._reserved: list[Spent] = []
        """The most that each call in flight may take."""
        for line in before:
            self.spent += self._of(line.role, line.prompt_tokens, line.completion_tokens)
            self.seconds += line.seconds

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self._most_tokens or self._most_cost or self._budget.limit is not None)

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
        self._require_room(role, wanted)
        self._reserved.append(wanted)
        self._budget.reserved += wanted.cost
        try:
            yield
        finally:
            self._reserved.remove(wanted)
            self._budget.reserved -= wanted.cost

    def add(self, record: CallRecord) -> None:
        """Count what a call took."""
        took = self._of(record.role, record.usage.prompt_tokens, record.usage.completion_tokens)
        self.spent += took
        self.seconds += record.seconds
        self.answers += record.outcome != "error"
        self._budget.spent += took.cost

    def _of(self, role: str, prompt: int, answer: int) -> Spent:
        given = self._roles.get(role)
        return Spent(prompt, answer, given.cost(prompt, answer) if given else 0.0)

    def _require_room(self, role: str, wanted: Spent) -> None:
        total = sum(self._reserved, self.spent + wanted)
        if self._most_tokens and total.tokens > self._most_tokens:
            raise self._refusal(role, f"{self._most_tokens:,} tokens", "[write] most_tokens")
        if self._most_cost and total.cost > self._most_cost:
            limit = f"a cost of {self._most_cost:g}"
            raise self._refusal(role, limit, "[write] most_cost, or cap in a batch's row")
        shared = self._budget
        if shared.limit is not None and shared.spent + shared.reserved + wanted.cost > shared.limit:
            shared.exhausted = True
            raise CostCapError(
                f"The next call of the role {role} could pass what the batch may cost, "
                f"{shared.limit:g}. So far {shared.spent:.4g} is spent.",
                fix="Allow more with --budget: the same command goes on from here.",
            )

    def _refusal(self, role: str, limit: str, key: str) -> CostCapError:
        cost = f", which cost {self.spent.cost:.4g}" if self.spent.cost else ""
        return CostCapError(
            f"The next call of the role {role} could pass the limit of {limit}. So far "
            f"{self.spent.tokens:,} tokens were spent{cost}.",
            fix=f"Set a larger {key}.",
        )
