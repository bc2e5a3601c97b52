"""What ``make demo-aks`` came to: cluster by cluster as the schedules tell it, pool by pool as the referee counted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.rollouts import NodeRollout, PoolState, PoolUpgrade
from fleetwright_demo.aks_watching import AksWatch, Runs

Summary = dict[str, Any]

NOBODY = "nobody looked"


def summarise(watch: AksWatch, runs: Runs, audit: Mapping[str, Any]) -> Summary:
    """The clusters in numbers, with everything behind them.

    :param audit: the referee's report
    """
    looked = {
        cluster_id: cluster_summary(
            cluster_id, watch.evaluations(cluster_id), watch.rollouts(cluster_id), audit
        )
        for cluster_id in watch.cluster_ids
    }
    judged = audit["nodePools"].values()
    return {
        "outsideWindow": sum(pool["outsideWindow"] for pool in judged),
        "drained": sum(pool["drained"] for pool in judged),
        "maxSurgeNodes": max((pool["maxSurgeNodes"] for pool in judged), default=0),
        "violations": audit["violations"],
        "clusters": {name_of(cluster_id): told for cluster_id, told in looked.items()},
        "dagRuns": {dag_id: [_run(run) for run in found] for dag_id, found in runs.items()},
        "audit": audit,
    }


def cluster_summary(
    cluster_id: str,
    evaluations: Sequence[Evaluation],
    rollouts: Sequence[NodeRollout],
    audit: Mapping[str, Any],
) -> Summary:
    """One cluster: the look that started its rollout, else the newest one; the newest rollout; and each of its pools.

    :param evaluations: newest first, as are ``rollouts``
    """
    starting = (look for look in evaluations if look.outcome is Outcome.STARTED)
    look = next(starting, evaluations[0] if evaluations else None)
    rollout = rollouts[0] if rollouts else None
    return {
        "fleet": cluster_id,
        "channel": str(look.channel or "") if look else "",
        "outcome": str(look.outcome) if look else NOBODY,
        "reasons": list(look.reasons) if look else [],
        "rollout": _rollout(rollout) if rollout else None,
        "pools": {
            name_of(pool_id): {**_pool(rollout.pool(name_of(pool_id)) if rollout else None), **record}
            for pool_id, record in audit["nodePools"].items()
            if pool_id.lower().startswith(f"{cluster_id.lower()}/")
        },
    }


def name_of(resource_id: str) -> str:
    """The last word of an id."""
    return resource_id.rpartition("/")[2]


def outcome_table(summary: Summary) -> Table:
    """The end of the demo: a row for each cluster, and below it one for each pool."""
    violations, outside = len(summary["violations"]), summary["outsideWindow"]
    title = (
        f"{summary['seconds']:g} s, referee: {violations} violations, {outside} upgrades outside of a window"
    )
    table = Table("cluster, pool", "what came of it", "drained", "surge", "nodes by image", title=title)
    for name, told in summary["clusters"].items():
        table.add_section()
        table.add_row(name, _cluster_words(told))
        for pool, seen in told["pools"].items():
            numbers = str(seen["drained"]), str(seen["maxSurgeNodes"])
            table.add_row(f"  {pool}", _pool_words(seen), *numbers, _images(seen["images"]))
    return table


def _cluster_words(told: Summary) -> str:
    """Why nothing was started, or how the rollout that was started ended; its pools say why."""
    rollout = told["rollout"]
    more = f"ended as {rollout['status']}" if rollout else "; ".join(told["reasons"])
    return f"{told['channel'] or 'no channel'}: {told['outcome']}: {more}"


def _pool_words(seen: Summary) -> str:
    if not seen["status"]:
        return "not touched"
    if seen["status"] != PoolState.UPGRADED:
        return f"{seen['status']}: {seen['reason']}"
    told = "upgraded by live patches" if seen["way"] == UpgradeWay.LIVE else "upgraded by node image"
    behind = ", ".join(seen["stragglers"])
    return (
        f"{told}, but for {behind}: it could not be drained and stays cordoned on its old image"
        if behind
        else told
    )


def _images(images: Mapping[str, int]) -> str:
    return "\n".join(f"{count} on {short_image(image)}" for image, count in images.items())


def short_image(image: str) -> str:
    """The build of an image, and the date of its patches.

    >>> short_image("AKSUbuntu-2204gen2containerd-202402.12.0-2024.02.20")
    '202402.12.0-2024.02.20'
    """
    return image.split("-", 2)[-1]


def _rollout(rollout: NodeRollout) -> Summary:
    return {"id": rollout.rollout_id, "status": str(rollout.state), "reason": rollout.reason}


def _pool(pool: PoolUpgrade | None) -> Summary:
    if pool is None:
        return {"status": "", "way": "", "reason": "", "stragglers": {}, "seconds": None}
    started, ended = pool.accepted_at, pool.ended_at
    return {
        "status": str(pool.state),
        "way": str(pool.way) if started else "",
        "reason": pool.reason,
        "stragglers": dict(pool.stragglers),
        "seconds": round((ended - started).total_seconds(), 1) if started and ended else None,
    }


def _run(run: Mapping[str, Any]) -> Summary:
    return {
        "runId": run["dag_run_id"],
        "runType": run["run_type"],
        "state": run["state"],
        "note": run.get("note") or "",
    }
