"""How long a server is asked again, and what a person hears meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from novelcraft.errors import ModelError
from novelcraft.tools.models.faults import Fault
from novelcraft.tools.models.secrets import Secrets

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[object]]
Tell = Callable[[str], None]

BACKOFF = (1.0, 4.0, 15.0, 30.0)
"""Seconds before a request is sent again; the last for every further time."""
BROKEN_RETRIES = len(BACKOFF)
"""How often a request is sent again that a server fails at."""
_MANY_TRIES = 1_000


@dataclass(frozen=True)
class Patience:
    """Sends a request again while its faults may pass.

    A server that hangs is asked twice, one that fails five times, one that is busy or loads its
    model until the seconds are over. Each wait is told.
    """

    role: str
    seconds: float
    """The sum of all waits for one request; with 0 nothing is sent again."""
    tell: Tell
    secrets: Secrets
    sleep: Sleep = asyncio.sleep

    async def persist(
        self, send: Callable[[], Awaitable[T]], fault_of: Callable[[Exception], Fault | None]
    ) -> T:
        """What `send` gives, once it gives something.

        Args:
            send: Sends the request.
            fault_of: What an exception of it means; None for one that is no fault of the server.

        Raises:
            ModelError: A fault that does not pass, or did not within the time.
        """
        waited = 0.0
        for tries in range(_MANY_TRIES):
            try:
                return await send()
            except Exception as error:
                fault = fault_of(error)
                if fault is None:
                    raise
                pause = self._pause(fault, tries, waited)
                if pause is None:
                    raise self._final(fault, tries, waited) from self.secrets.cause(error)
            self.tell(f"{fault.error.message} Asking again in {pause:g} s.")
            await self.sleep(pause)
            waited += pause
        raise AssertionError("no wait is shorter than a second")

    def _pause(self, fault: Fault, tries: int, waited: float) -> float | None:
        most = {"never": 0, "slow": 1, "broken": BROKEN_RETRIES, "busy": _MANY_TRIES}
        pause = max(BACKOFF[min(tries, len(BACKOFF) - 1)], fault.after)
        if tries >= most[fault.passing] or waited + pause > self.seconds:
            return None
        return pause

    def _final(self, fault: Fault, tries: int, waited: float) -> ModelError:
        error = fault.error
        if fault.passing != "never":
            asked = f" It was asked {tries + 1} times in {waited:g} s." if tries else ""
            wish = f" It wishes to be left alone for {fault.after:g} s." if fault.after else ""
            error.message += asked + wish
            if fault.passing == "busy":
                error.fix += (
                    f"\n  It is asked for longer with a larger [roles.{self.role}] patience, "
                    f"which is {self.seconds:g} s."
                )
        return error
