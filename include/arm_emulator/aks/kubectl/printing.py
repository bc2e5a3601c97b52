"""How ``kubectl get`` prints objects: as a table, as JSON, as YAML, or by name."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import yaml

from arm_emulator.aks.kubectl.outcomes import KubectlError
from arm_emulator.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from arm_emulator.compute.model import JsonObject

_GAP = 3


def print_list(objects: Sequence[JsonObject]) -> JsonObject:
    """Several objects as one."""
    return {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {"resourceVersion": ""}}


def print_structure(form: str, content: JsonObject) -> str:
    """JSON or YAML.

    :raises KubectlError: the form is neither
    """
    if form == "json":
        return json.dumps(content, indent=4) + "\n"
    if form == "yaml":
        return yaml.safe_dump(content)
    raise KubectlError(
        f'error: unable to match a printer suitable for the output format "{form}", '
        "allowed formats are: custom-columns,json,name,wide,yaml"
    )


def print_table(rows: Sequence[Sequence[str]]) -> str:
    """Columns, three blanks apart."""
    widths = [max(map(len, column)) + _GAP for column in zip(*rows, strict=True)]
    lines = (
        "".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def node_row(found: JsonObject, now: datetime) -> dict[str, str]:
    """A node's line."""
    metadata, info = found["metadata"], found["status"]["nodeInfo"]
    ready = found["status"]["conditions"][0]["status"] == "True"
    cordoned = ",SchedulingDisabled" if found["spec"].get("unschedulable") else ""
    return {
        "NAME": metadata["name"],
        "STATUS": ("Ready" if ready else "NotReady") + cordoned,
        "ROLES": "<none>",
        "AGE": _age(metadata["creationTimestamp"], now),
        "VERSION": info["kubeletVersion"],
        "OS-IMAGE": info["osImage"],
        "KERNEL-VERSION": info["kernelVersion"],
        "CONTAINER-RUNTIME": info["containerRuntimeVersion"],
    }


def pod_row(found: JsonObject, _now: datetime) -> dict[str, str]:
    """A pod's line."""
    ready = found["status"]["conditions"][-1]["status"] == "True"
    leaving = "deletionTimestamp" in found["metadata"]
    return {
        "NAMESPACE": found["metadata"]["namespace"],
        "NAME": found["metadata"]["name"],
        "READY": "1/1" if ready else "0/1",
        "STATUS": "Terminating" if leaving else found["status"]["phase"],
        "RESTARTS": "0",
        "NODE": found["spec"].get("nodeName", "<none>"),
    }


def budget_row(found: JsonObject, _now: datetime) -> dict[str, str]:
    """A disruption budget's line."""
    spec: Mapping[str, Any] = found["spec"]
    return {
        "NAMESPACE": found["metadata"]["namespace"],
        "NAME": found["metadata"]["name"],
        "MIN AVAILABLE": str(spec.get("minAvailable", "N/A")),
        "MAX UNAVAILABLE": str(spec.get("maxUnavailable", "N/A")),
        "ALLOWED DISRUPTIONS": str(found["status"]["disruptionsAllowed"]),
    }


def _age(since: str, now: datetime) -> str:
    age = now - parse_instant(since)
    if age >= timedelta(days=2):
        return f"{age.days}d"
    hours = int(age / timedelta(hours=1))
    return f"{hours}h" if hours >= 2 else f"{int(age.total_seconds() // 60)}m"
