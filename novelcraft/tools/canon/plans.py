"""Plan versions, and the planner's levels before there is a plan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update

from novelcraft.errors import UnknownTargetError
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.engine import Database
from novelcraft.tools.canon.sql import upsert
from novelcraft.tools.canon.tables import branches, plan_parts, plans


class PlanVersion(NamedTuple):
    """One line of the plan's history."""

    version: int
    parent: int | None
    created: str
    """UTC time, ISO 8601."""


class Plans:
    """Keeps every version of the plan. A part of `ManuscriptStore`."""

    _db: Database

    def put_plan_part(self, branch: str, key: str, payload: dict[str, Any]) -> None:
        """Keep one level of a plan in the making; a part of the same key is overwritten."""
        with self._db.write() as connection:
            upsert(
                connection,
                plan_parts,
                "branch key",
                {"branch": branch, "key": key, "body": payload},
            )

    def plan_part(self, branch: str, key: str) -> dict[str, Any] | None:
        """That level of the plan in the making, or None while it is not there."""
        wanted = select(plan_parts.c.body).where(
            plan_parts.c.branch == branch, plan_parts.c.key == key
        )
        with self._db.read() as connection:
            body: dict[str, Any] | None = connection.execute(wanted).scalar()
            return body

    def add_plan(self, branch: str, plan: Plan) -> int:
        """Keep a plan as a new version and let the branch follow it, in one transaction.

        A plan of the same content and parent keeps the version it has. `plan.version` is
        ignored.

        Returns:
            The version it has in the store.
        """
        same = select(plans.c.version).where(
            plans.c.hash == plan.hash, plans.c.parent.is_not_distinct_from(plan.parent)
        )
        with self._db.write() as connection:
            version = connection.execute(same).scalar()
            if version is None:
                version = (connection.execute(select(func.max(plans.c.version))).scalar() or 0) + 1
                connection.execute(
                    insert(plans).values(
                        version=version,
                        parent=plan.parent,
                        hash=plan.hash,
                        body=plan.model_dump(mode="json", exclude={"version", "parent"}),
                        created=datetime.now(UTC).isoformat(timespec="seconds"),
                    )
                )
            follow = update(branches).where(branches.c.name == branch)
            if connection.execute(follow.values(plan_version=version)).rowcount == 0:
                raise UnknownTargetError(
                    f"There is no branch {branch!r}.", fix="Create it before its plan."
                )
            return version

    def plan(self, version: int) -> Plan:
        """That version of the plan.

        Raises:
            UnknownTargetError: There is none.
        """
        with self._db.read() as connection:
            row = connection.execute(select(plans).where(plans.c.version == version)).first()
            if row is None:
                raise UnknownTargetError(
                    f"There is no plan version {version}.",
                    fix="`novelcraft log` lists the versions of the plan.",
                )
            return Plan.model_validate({**row.body, "version": row.version, "parent": row.parent})

    def plans(self) -> list[PlanVersion]:
        """All versions, oldest first."""
        wanted = select(plans.c.version, plans.c.parent, plans.c.created).order_by(plans.c.version)
        with self._db.read() as connection:
            return [PlanVersion(*row) for row in connection.execute(wanted)]
