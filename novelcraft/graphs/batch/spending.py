"""What model calls cost, and the bounds on it."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.config.root import RolesSettings
from novelcraft.config.settings import ROLES, RoleSettings
from novelcraft.errors import ConfigError, CostCapError
from novelcraft.state.calls import CallRecord, ModelLine
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.models.calls import CallLog


class Budget:
    """An amount that may be spent, shared by all that spend from it.

    Args:
        limit: The amount; None for no bound.
        whose: Names it in errors: `the batch`.
        spent: What was spent before.
    """

    def __init__(self, limit: float | None, whose: str, spent: float = 0.0) -> None:
        self.limit = limit
        self.spent = spent
        self._whose = whose

    @property
    def exhausted(self) -> bool:
        """Whether no further call may begin."""
        return self.limit is not None and self.spent >= self.limit

    def require_room(self) -> None:
        """Refuse a further call once the amount is spent. Calls in flight may exceed it.

        Raises:
            CostCapError: It is spent.
        """
        if self.exhausted:
            raise CostCapError(
                f"{self._whose} may cost {self.limit:g}, and {self.spent:.2f} is spent.",
                fix="Allow more, and run the same command again: it goes on from here.",
            )


class Meter:
    """The call log of one novel, with what its calls come to. A `CallLog` itself.

    Before a call goes out every budget must have room; a call that is answered from the log costs
    nothing and always passes.

    Args:
        store: The novel's; what it has logged already is counted in.
        roles: Hold the prices.
        cap: What the novel may cost.
        shared: The batch's budget.

    Raises:
        ConfigError: An amount may be spent, but no role has a price.
    """

    def __init__(
        self, store: ManuscriptStore, roles: RolesSettings, cap: float | None, shared: Budget
    ) -> None:
        self._log: CallLog = store
        self._roles = roles
        self._shared = shared
        self.prompt_tokens = self.completion_tokens = 0
        self.seconds = 0.0
        self.calls = 0
        """Calls of this run."""
        self._own = Budget(cap, "The novel")
        if (cap, shared.limit) != (None, None) and not any(map(_priced, _all(roles))):
            raise ConfigError(
                "There is a bound on cost, but no role has a price.",
                fix="Set price_in and price_out under [roles.reasoning] and [roles.narrator]: "
                "what a million tokens cost.",
            )
        for line in store.model_lines():
            self._count(line.role, line.prompt_tokens, line.completion_tokens, line.seconds)

    @property
    def session(self) -> str:
        """See `CallLog`."""
        return self._log.session

    @property
    def cost(self) -> float:
        """What the novel's calls came to, over all runs."""
        return self._own.spent

    def find_call(self, key: str) -> CallRecord | None:
        """See `CallLog`.

        Raises:
            CostCapError: The call is not in the log, and nothing is left to pay for it.
        """
        known = self._log.find_call(key)
        if known is None:
            for budget in (self._own, self._shared):
                budget.require_room()
        return known

    def was_invalid(self, key: str) -> bool:
        """See `CallLog`."""
        return self._log.was_invalid(key)

    def log_call(self, record: CallRecord) -> None:
        """See `CallLog`."""
        self._log.log_call(record)
        self.calls += record.outcome != "error"
        usage = record.usage
        self._shared.spent += self._count(
            record.role, usage.prompt_tokens, usage.completion_tokens, record.seconds
        )

    def model_lines(self) -> Sequence[ModelLine]:
        """See `CallLog`."""
        return self._log.model_lines()

    def _count(self, role: str, read: int, written: int, seconds: float) -> float:
        settings: RoleSettings = getattr(self._roles, role)
        cost = settings.cost(read, written)
        self.prompt_tokens += read
        self.completion_tokens += written
        self.seconds += seconds
        self._own.spent += cost
        return cost


def _all(roles: RolesSettings) -> Sequence[RoleSettings]:
    return [getattr(roles, role) for role in ROLES]


def _priced(role: RoleSettings) -> bool:
    return bool(role.price_in or role.price_out)
