"""What ``make demo-batch`` came to, as ledger, referee and pool tell it."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from fleetwright.rollout.report import report
from fleetwright_demo.rolling_out import Rolled

Summary = dict[str, Any]


def summarise(rolled: Rolled, audit: dict[str, Any], world: dict[str, Any]) -> Summary:
    """The rollout in numbers, with everything behind them.

    :param audit: the referee's report
    :param world: the emulator's world at the end
    """
    told = report(rolled.view)
    pool = next(iter(audit["batchPools"].values()))
    return {
        "upgraded": told["progress"]["successfulInstanceCount"],
        "skipped": [
            {"node": node, "reason": reason} for node, reason in rolled.view.rollout.left_busy.items()
        ],
        "rolledBack": told["rollbackInfo"]["successfullyRolledbackInstanceCount"],
        "batches": told["batches"],
        "violations": audit["violations"],
        "runningNodesInterrupted": pool["runningNodesInterrupted"],
        "imageVersions": pool["imageVersions"],
        "closedNodes": closed_nodes(world),
        "rollout": told,
        "audit": audit,
        "dagRun": rolled.dag_run(),
    }


def closed_nodes(world: dict[str, Any]) -> list[str]:
    """Nodes of the world that are given no work, whoever closed them."""
    pools = [pool for account in world["batchAccounts"] for pool in account["pools"]]
    states = [pool.get("x-emulator", {}).get("nodeStates", {}) for pool in pools]
    return sorted(
        node for found in states for node, said in found.items() if said.get("schedulingState") == "disabled"
    )


def outcome_table(summary: Summary) -> Table:
    """The end of the demo in a few rows."""
    rollout, skipped = summary["rollout"], summary["skipped"]
    pool = next(iter(summary["audit"]["batchPools"].values()))
    table = Table("what", "how much", title=f"{rollout['status']}: {rollout['reason']['message']}")
    rows = (
        ("nodes upgraded", summary["upgraded"]),
        ("nodes skipped", "\n".join(f"{left['node']}: {left['reason']}" for left in skipped) or "none"),
        ("nodes interrupted in their work", summary["runningNodesInterrupted"]),
        ("nodes rolled back", summary["rolledBack"]),
        ("nodes given no work at the end", ", ".join(summary["closedNodes"]) or "none"),
        ("batches", len(summary["batches"])),
        ("most out of service at once", f"{pool['maxOutOfService']} of {pool['nodes']}"),
        ("seconds, with starting up", summary["seconds"]),
        ("referee", f"{len(summary['violations'])} violations"),
    )
    for what, value in rows:
        table.add_row(what, str(value))
    return table
