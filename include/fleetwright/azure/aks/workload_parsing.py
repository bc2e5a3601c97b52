"""From kubectl's tables to ``Workloads``: nodes, and disruption budgets with the nodes on which their pods run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from fleetwright.azure.aks.node_tables import read_tables
from fleetwright.azure.aks.selectors import parse_labels, parse_selector
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.node_pools.clusters import NodeBudget, NodeState, Workloads

_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})T\d{6}Z")
_OVER = frozenset({"Succeeded", "Failed"})  # pods that hold nothing back any more

Row = Mapping[str, str]


def parse_workloads(output: str) -> Workloads:
    """Read kubectl's answer to ``node_tables.QUESTION``.

    :raises ProviderError: when it cannot be understood, or is not whole
    """
    nodes, budgets, pods = read_tables(output)
    living = [row for row in pods if row["PHASE"] not in _OVER]
    return Workloads(tuple(map(_node, nodes)), tuple(_budget(row, living) for row in budgets))


def _node(row: Row) -> NodeState:
    conditions = dict(zip(row["CONDITIONS"].split(","), row["STATUSES"].split(","), strict=False))
    return NodeState(
        name=row["NODE"],
        pool=row["POOL"],
        is_ready=conditions.get("Ready") == "True",
        is_cordoned=row["UNSCHEDULABLE"] == "true",
        patched_to=_date(row["PATCHED"]),
        needs_reboot=row["REBOOT"] == "true",
        created_at=_instant(row["CREATED"]),
    )


def _budget(row: Row, pods: Iterable[Row]) -> NodeBudget:
    selector = parse_selector(row["SELECTOR"])
    own = (
        pod["NODE"]
        for pod in pods
        if selector and pod["NAMESPACE"] == row["NAMESPACE"] and selector.selects(parse_labels(pod["LABELS"]))
    )
    return NodeBudget(
        namespace=row["NAMESPACE"],
        name=row["BUDGET"],
        allowed=_number(row, "ALLOWED"),
        healthy=_number(row, "HEALTHY"),
        desired=_number(row, "DESIRED"),
        expected=_number(row, "EXPECTED"),
        nodes=frozenset(filter(None, own)),
    )


def _number(row: Row, column: str) -> int:
    word = row[column]
    if word and not word.isdecimal():
        raise ProviderError(
            f"disruption budget {row['NAMESPACE']}/{row['BUDGET']}: kubectl shows {word!r} as {column}, which is no number"
        )
    return int(word or 0)


def _date(stamp: str) -> str:
    """The date of a live patch as image names write it: ``20240220T000000Z`` is ``2024.02.20``."""
    match = _STAMP.fullmatch(stamp)
    return ".".join(match.groups()) if match else ""


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
