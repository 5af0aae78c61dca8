"""Which model a role works with, and the next one when that cannot be used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

from novelcraft.config.settings import RoleName
from novelcraft.errors import (
    AdapterRefusedError,
    ContextOverflowError,
    InvalidAnswerError,
    ModelError,
)
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.patience import Tell
from novelcraft.tools.models.preflight import Need, check_needs

Connect = Callable[[], Awaitable[Endpoint]]
Gate = Callable[[Endpoint], Iterable[str]]
"""Tells what a person should know of a model, or raises AdapterRefusedError."""
_OWN_FAULT = (ContextOverflowError, InvalidAnswerError)
"""Errors that are the question's, not the server's."""


class RoleEndpoints:
    """The endpoints of all roles, each with those to go on with.

    Args:
        connects: Connect to a role's model, and then to those to go on with, in their order.
        tell: Hears when a role goes on with another model.
    """

    def __init__(self, connects: Mapping[RoleName, Sequence[Connect]], tell: Tell) -> None:
        self._left = {role: list(them) for role, them in connects.items()}
        self._tell = tell
        self._current: dict[RoleName, Endpoint] = {}
        self._needs: Collection[Need] = ()
        self._gate: Gate = lambda _endpoint: ()
        self._replacing = asyncio.Lock()

    async def open(self) -> None:
        """Connect each role to the first of its models that can be used.

        Raises:
            ConfigError, ModelError: None can; why the last cannot.
        """
        for role, left in self._left.items():
            self._current[role] = await self._next(role, left.pop(0))

    def current(self, role: RoleName) -> Endpoint:
        """Where the calls of a role go."""
        return self._current[role]

    def expect(self, needs: Collection[Need]) -> None:
        """Take no model from now on that is too short for these calls."""
        self._needs = needs

    def hold_to(self, gate: Gate) -> None:
        """Take no model from now on that a gate refuses."""
        self._gate = gate

    def listen(self, tell: Tell) -> None:
        """Have somebody else told when a role goes on with another model."""
        self._tell = tell

    async def replace(self, failed: Endpoint, error: ModelError) -> bool:
        """Go on with a role's next model.

        Args:
            failed: The endpoint that a call failed at.
            error: Why it did.

        Returns:
            Whether there is another one now; False for a fault of the question itself.

        Raises:
            AdapterRefusedError, ModelError: The models to go on with cannot be used either; why the
                last cannot.
        """
        if isinstance(error, _OWN_FAULT):
            return False
        role = failed.role
        async with self._replacing:
            if self._current[role] is not failed:
                return True  # another call has seen to it
            if not self._left[role]:
                return False
            self._current[role] = await self._fall_back(role, error)
            return True

    async def _next(self, role: RoleName, connect: Connect) -> Endpoint:
        try:
            endpoint = await connect()
            check_needs(endpoint, self._needs)
            for text in self._gate(endpoint):
                self._tell(text)
            return endpoint
        except (AdapterRefusedError, ModelError) as error:
            if not self._left[role]:
                raise
            return await self._fall_back(role, error)

    async def _fall_back(self, role: RoleName, error: AdapterRefusedError | ModelError) -> Endpoint:
        endpoint = await self._next(role, self._left[role].pop(0))
        place = endpoint.server.url or "this machine"
        self._tell(f"{error.message} The role {role} goes on with {endpoint.model} at {place}.")
        return endpoint
