"""The log of model calls: what makes a run traceable, and a killed one cheap to resume."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, insert, select

from novelcraft.state.calls import CallRecord, ModelLine, Usage
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.tables import calls

_USAGE = tuple(Usage.model_fields)
_FIELDS = tuple(name for name in CallRecord.model_fields if name != "usage")


class CallTotals(NamedTuple):
    """Sums over calls, failed ones included."""

    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    """Time spent in the calls; those in flight together count each."""


_SUMS = (
    func.count(),
    func.coalesce(func.sum(calls.c.prompt_tokens), 0),
    func.coalesce(func.sum(calls.c.cached_tokens), 0),
    func.coalesce(func.sum(calls.c.completion_tokens), 0),
    func.coalesce(func.sum(calls.c.seconds), 0.0),
)


# Made once: to put a statement together takes longer than to run it.
_ANSWERED = (
    select(calls)
    .where(calls.c.key == bindparam("key"), calls.c.outcome.in_(("ok", "invalid")))
    .order_by(calls.c.outcome != "ok", calls.c.number)
    .limit(1)
)


class Calls:
    """Logs model calls and finds them again. A part of `ManuscriptStore`."""

    _db: Database
    session = ""
    """See `tools.models.calls.CallLog`; a novel's store has its id here."""

    def find_call(self, key: str) -> CallRecord | None:
        """The first successful call with that key, to be replayed; None when there is none."""
        answered = self.find_answered(key)
        return answered if answered and answered.outcome == "ok" else None

    def find_answered(self, key: str) -> CallRecord | None:
        """The first successful call with that key, else the first whose answer was invalid."""
        with self._db.read() as connection:
            row = connection.execute(_ANSWERED, {"key": key}).first()
            return _to_record(row) if row else None

    def log_call(self, record: CallRecord) -> None:
        """Append a call, whatever its outcome."""
        row = record.model_dump(mode="json", exclude={"usage"})
        with self._db.write() as connection:
            connection.execute(insert(calls).values(row | record.usage.model_dump()))

    def calls(
        self, *, role: str | None = None, purpose: str | None = None, last: int | None = None
    ) -> list[CallRecord]:
        """Logged calls, oldest first.

        Args:
            role: Only calls of that role.
            purpose: Only calls for that purpose.
            last: Only the newest so many.
        """
        wanted = select(calls).order_by(calls.c.number.desc()).limit(last)
        if role is not None:
            wanted = wanted.where(calls.c.role == role)
        if purpose is not None:
            wanted = wanted.where(calls.c.purpose == purpose)
        with self._db.read() as connection:
            return [_to_record(row) for row in reversed(connection.execute(wanted).all())]

    def call_totals(self) -> CallTotals:
        """Sums over all calls, over all runs."""
        with self._db.read() as connection:
            return CallTotals(*connection.execute(select(*_SUMS)).one())

    def call_totals_by_purpose(self) -> dict[str, CallTotals]:
        """Sums over all calls for each purpose, by purpose."""
        wanted = select(calls.c.purpose, *_SUMS).group_by(calls.c.purpose)
        with self._db.read() as connection:
            rows = connection.execute(wanted.order_by(calls.c.purpose))
            return {row[0]: CallTotals(*row[1:]) for row in rows}

    def last_call(self) -> int:
        """Number of the newest call; 0 where there is none."""
        with self._db.read() as connection:
            return connection.execute(select(func.max(calls.c.number))).scalar() or 0

    def model_lines(self, *, after: int = 0, upto: int | None = None) -> list[ModelLine]:
        """Sums over calls for each role and model, sorted by them.

        Args:
            after: Only calls with a higher number.
            upto: Only calls with no higher number.
        """
        of = (calls.c.role, calls.c.model, calls.c.adapter)
        count, *sums = _SUMS
        failed = func.count().filter(calls.c.outcome != "ok")
        wanted = select(*of, count, failed, *sums).where(calls.c.number > after)
        if upto is not None:
            wanted = wanted.where(calls.c.number <= upto)
        wanted = wanted.group_by(*of).order_by(*of)
        with self._db.read() as connection:
            return [ModelLine(*row) for row in connection.execute(wanted)]

    def models_called(self) -> tuple[str, ...]:
        """Names of the models in the log, sorted."""
        with self._db.read() as connection:
            rows = connection.execute(select(calls.c.model).distinct())
            return tuple(sorted(row[0] for row in rows))


def _to_record(row: Row[Any]) -> CallRecord:
    usage = Usage(**{name: getattr(row, name) for name in _USAGE})
    return CallRecord.model_validate({**{n: getattr(row, n) for n in _FIELDS}, "usage": usage})
