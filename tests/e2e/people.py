"""Whom the tests of whole systems work with, and what they do first."""

from datetime import UTC, datetime, timedelta

from tests.e2e.conftest import Stack
from tests.e2e.outsider import Person, until

VEHICLE = "truck"


def person(stack: Stack, name: str, role: str, area: str) -> Person:
    """A new user of the system, by token."""
    added = stack.command("users", "add", name, "--role", role, "--area", area)
    assert added.returncode == 0, added.stderr
    return Person(stack.base_url, stack.command("users", "token", name).stdout.strip())


def admin(stack: Stack) -> Person:
    """The first account, by token."""
    return Person(stack.base_url, stack.command("users", "token", "admin").stdout.strip())


def warehouse(coordinator: Person, name: str, quantities: dict[str, int]) -> str:
    """A new warehouse in Cianjur with these goods; returns its id."""
    site = coordinator.post("/api/sites", {"name": name, "kind": "warehouse", "area_code": "32.03.01"}, 201)
    for item, quantity in quantities.items():
        coordinator.post("/api/stock/receive", {"site_id": site["id"], "item": item, "quantity": quantity}, 201)
    return site["id"]


def check_in(volunteer: Person) -> None:
    """The volunteer is in Cianjur with a truck for the next hours."""
    ends = (datetime.now(UTC) + timedelta(hours=8)).isoformat()
    volunteer.post("/api/checkins", {"area_code": "32.03.01", "until": ends, "vehicle": VEHICLE, "skills": []}, 201)


def wanting(quantities: dict[str, int]) -> dict:
    """A report that asks for these quantities and nothing else."""
    needs = [{"item": item, "quantity": quantity} for item, quantity in quantities.items()]
    return {"text": "Butuh bantuan", "people": None, "danger": None, "needs": needs}


def ready(coordinator: Person, plan_id: str, within_s: float = 60) -> dict:
    """The plan, once it is worked out."""

    def look():
        plan = coordinator.get(f"/api/plans/{plan_id}")
        return plan if plan["state"] == "ready" else None

    return until(look, within_s)
