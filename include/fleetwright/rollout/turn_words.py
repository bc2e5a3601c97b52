"""Who is in the way of a rollout, for people and for the ledger."""

from __future__ import annotations

from fleetwright.domain.fleets import resource_name
from fleetwright.rollout.ports.turns import TurnHolder, TurnScope


def told(holder: TurnHolder) -> dict[str, str]:
    """Who is in the way, as plain JSON."""
    return {
        "fleet": holder.fleet_key,
        "scope": str(holder.scope),
        "key": holder.key,
        "mode": holder.mode,
        "run": holder.run,
        "since": holder.since.isoformat(),
    }


def holder_text(holder: TurnHolder) -> str:
    """Who is in the way, in one line: where, since when, which run."""
    region, _, what = holder.key.partition("|")
    alone = holder.mode == holder.fleet_key
    zone = "all zones" if alone else f"zone {holder.mode}"
    place = (
        f"{zone} of {region}"
        if holder.scope is TurnScope.ZONE
        else f"{holder.mode}, its pair ({region}, {what})"
    )
    verb = "waits for" if holder.is_waiting else "has"
    run = f", run {holder.run}" if holder.run else ""
    dead = "" if holder.is_alive else "; nothing is heard of its run any more"
    return f"{name_of(holder.fleet_key)} {verb} {place} since {holder.since:%Y-%m-%d %H:%M:%SZ}{run}{dead}"


def name_of(fleet_key: str) -> str:
    """A fleet's name with what tells fleets of one name apart: its resource group, and a pool's account.

    All of the key where it is no ARM id.
    """
    _, _, rest = fleet_key.partition("/resourcegroups/")
    group, _, name = rest.partition("/providers/")
    account, _, pool = name.partition("/batchaccounts/")[2].partition("/pools/")
    if pool:
        return f"{pool} (Batch account {account}, resource group {group})"
    return f"{resource_name(name)} (resource group {group})" if name else fleet_key
