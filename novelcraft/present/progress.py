"""What every operation's progress can say, whoever shows it."""

from __future__ import annotations

from typing import Protocol, TypeVar

E_contra = TypeVar("E_contra", contravariant=True)


class Progress(Protocol[E_contra]):
    """What one kind of run's events mean for a person who waits. Times are in seconds."""

    @property
    def total(self) -> int:
        """How much there is to do; 0 while that is not known."""

    @property
    def done(self) -> float:
        """How much of it is done."""

    def update(self, event: E_contra, now: float) -> None:
        """Take in an event."""

    def headline(self, event: E_contra) -> str | None:
        """The line that stays on the screen for an event; None for those that have none."""

    def line(self, now: float) -> str:
        """One line that says where the run is."""

    def pause(self, now: float) -> None:
        """A person is asked; until `resume`, time does not count."""

    def resume(self, now: float) -> None:
        """The person has answered."""


class AsksNobody:
    """A progress whose time always counts, because its run asks nobody anything."""

    def pause(self, now: float) -> None:
        """Nothing to leave out."""

    def resume(self, now: float) -> None:
        """Nothing was left out."""
