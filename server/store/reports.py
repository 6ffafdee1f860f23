"""Reports and the history that their reporters see."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, column, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server import plain
from server.domain.sla import Run
from server.store.clocks import columns_of
from server.store.rows import Row, every, first, from_json
from server.store.tables import cases, clocks, needs, report_history, reports


@cache
def _add_whole(
    report: tuple[str, ...], case: tuple[str, ...], run: tuple[str, ...], need: tuple[str, ...]
) -> Select[Any]:
    """One statement that stores the reports that are new, and the cases, clocks and needs of these alone."""
    fresh = (
        upsert(reports)
        .from_select(report, from_json(reports, report, "reports"))
        .on_conflict_do_nothing()
        .returning(reports.c.id, reports.c.case_id)
        .cte("fresh")
    )
    new = select(fresh.c.case_id)
    its_case = from_json(cases, case, "cases").where(column("id").in_(new))
    its_run = from_json(clocks, run, "runs").where(column("case_id").in_(new))
    statement = select(fresh.c.id).add_cte(
        insert(cases).from_select(case, its_case).cte("made"), insert(clocks).from_select(run, its_run).cte("runs_on")
    )
    if not need:
        return statement
    its_needs = from_json(needs, need, "needs").where(column("case_id").in_(new))
    return statement.add_cte(insert(needs).from_select(need, its_needs).cte("wanted"))


@cache
def _open_cases(case: tuple[str, ...], run: tuple[str, ...], need: tuple[str, ...]) -> Select[Any]:
    """One statement that stores cases with their clocks and needs."""
    statement = select(literal(1)).add_cte(
        insert(cases).from_select(case, from_json(cases, case, "cases")).cte("made"),
        insert(clocks).from_select(run, from_json(clocks, run, "runs")).cte("runs_on"),
    )
    if not need:
        return statement
    return statement.add_cte(insert(needs).from_select(need, from_json(needs, need, "needs")).cte("wanted"))


class Reports:
    """Reads and writes reports."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add_whole(
        self,
        new: Sequence[Mapping[str, Any]],
        their_cases: Sequence[Mapping[str, Any]],
        their_needs: Sequence[Mapping[str, Any]],
        their_runs: Mapping[int, Run],
    ) -> set[str]:
        """Store new reports with their cases, needs and clocks, rows of one shape; ids of those that were stored.

        Nothing is stored of a report whose client id, code or outside identity is known.
        """
        runs = [columns_of(case_id, run) for case_id, run in their_runs.items()]
        need = tuple(their_needs[0]) if their_needs else ()
        statement = _add_whole(tuple(new[0]), tuple(their_cases[0]), tuple(runs[0]), need)
        params = {"reports": plain.dumps(new), "cases": plain.dumps(their_cases), "runs": plain.dumps(runs)}
        if their_needs:
            params["needs"] = plain.dumps(their_needs)
        return set(self.conn.execute(statement, params).scalars())

    def hold(self, new: Sequence[Mapping[str, Any]]) -> set[str]:
        """Store new reports without a case, rows of one shape; ids of those that were stored, as by `add_whole`."""
        names = tuple(new[0])
        given = upsert(reports).from_select(names, from_json(reports, names, "reports"))
        stored = given.on_conflict_do_nothing().returning(reports.c.id)
        return set(self.conn.execute(stored, {"reports": plain.dumps(new)}).scalars())

    def open_cases(
        self,
        their_cases: Mapping[str, Mapping[str, Any]],
        their_needs: Sequence[Mapping[str, Any]],
        their_runs: Mapping[int, Run],
    ) -> None:
        """Give reports that were held, by id, their cases, needs and clocks."""
        made = list(their_cases.values())
        runs = [columns_of(case_id, run) for case_id, run in their_runs.items()]
        need = tuple(their_needs[0]) if their_needs else ()
        statement = _open_cases(tuple(made[0]), tuple(runs[0]), need)
        params = {"cases": plain.dumps(made), "runs": plain.dumps(runs)}
        if their_needs:
            params["needs"] = plain.dumps(their_needs)
        self.conn.execute(statement, params)
        self.conn.execute(
            update(reports)
            .where(reports.c.id == bindparam("of_report"))
            .values(state="received", case_id=bindparam("in_case"), version=reports.c.version + 1),
            [{"of_report": report_id, "in_case": case["id"]} for report_id, case in their_cases.items()],
        )

    def by_client_id(self, client_id: str) -> Row | None:
        """The report that was sent with this client id."""
        return first(self.conn, select(reports).where(reports.c.client_id == client_id))

    def by_external_ref(self, incident_id: str, ref: str) -> Row | None:
        """The report that an import stored under this identity."""
        return first(
            self.conn, select(reports).where(reports.c.incident_id == incident_id, reports.c.external_ref == ref)
        )

    def by_code_index(self, index: bytes) -> Row | None:
        """The report whose tracking code has this peppered index."""
        return first(self.conn, select(reports).where(reports.c.code_index == index))

    def get(self, report_id: str, *, lock: bool = False) -> Row | None:
        """The report of that id."""
        query = select(reports).where(reports.c.id == report_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def of_case(self, case_id: int) -> list[Row]:
        """All reports of a case, the oldest first."""
        return every(
            self.conn, select(reports).where(reports.c.case_id == case_id).order_by(reports.c.received_at, reports.c.id)
        )

    def change(self, report_id: str, **values: Any) -> None:
        """Set columns of a report and count its version up."""
        self.conn.execute(
            update(reports).where(reports.c.id == report_id).values(version=reports.c.version + 1, **values)
        )

    def note(self, report_id: str, at: Any, step: str, **params: Any) -> None:
        """Add a step to what the reporter sees."""
        self.conn.execute(insert(report_history).values(report_id=report_id, at=at, step=step, params=params))

    def note_case(self, case_id: int, at: Any, step: str, **params: Any) -> None:
        """Add a step for every reporter of a case."""
        ids = self.conn.execute(select(reports.c.id).where(reports.c.case_id == case_id)).scalars().all()
        if ids:
            self.conn.execute(
                insert(report_history), [{"report_id": i, "at": at, "step": step, "params": params} for i in ids]
            )

    def history(self, report_id: str) -> list[Row]:
        """The steps of a report, the oldest first."""
        query = select(report_history).where(report_history.c.report_id == report_id).order_by(report_history.c.id)
        return every(self.conn, query)

    def ahead_of(self, row: Mapping[str, Any]) -> int:
        """How many unsettled reports of the same district come before this one (tier, then arrival)."""
        district = ".".join(str(row["area"]).split(".")[:3])
        query = (
            select(func.count())
            .select_from(reports)
            .where(
                reports.c.incident_id == row["incident_id"],
                (reports.c.area == district) | reports.c.area.like(district + ".%"),
                reports.c.state.in_(("received", "needs_info", "verified")),
                (reports.c.tier < row["tier"])
                | ((reports.c.tier == row["tier"]) & (reports.c.received_at < row["received_at"])),
            )
        )
        return self.conn.execute(query).scalar_one()
