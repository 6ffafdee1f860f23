"""Whether the system can do its work, in figures."""

from typing import Any

from server.store.unit_of_work import Tx


def readiness(tx: Tx) -> dict[str, Any]:
    """Schema, and how long the oldest event has waited: {schema, relay_lag_s, oldest_unsent_at}."""
    oldest = tx.outbox.oldest_unsent()
    return {
        "schema": tx.figures.schema_revision(),
        "relay_lag_s": round((tx.now - oldest).total_seconds(), 3) if oldest else 0.0,
        "oldest_unsent_at": oldest.isoformat() if oldest else None,
    }


def figures(tx: Tx) -> dict[str, float]:
    """Gauges by Prometheus name with labels."""
    oldest = tx.outbox.oldest_unsent()
    lines = {
        f'tanggap_{noun}{{state="{state}"}}': float(count)
        for noun, counts in tx.figures.by_state().items()
        for state, count in counts.items()
    }
    lines["tanggap_relay_lag_seconds"] = (tx.now - oldest).total_seconds() if oldest else 0.0
    lines["tanggap_events_position"] = float(tx.outbox.cursor())
    lines["tanggap_audit_entries"] = float(tx.audit_log.length())
    return lines
