"""``kubectl get -o custom-columns`` on an emulated cluster."""

from __future__ import annotations

import pytest
from emulated_node_pools import CLUSTER, cluster_world
from emulated_worlds import Emulator, Json, Serve

API = "2026-08-01"


def run(emulator: Emulator, command: str) -> Json:
    """Run a command to its end, and give its result."""
    accepted = emulator.arm("POST", f"{CLUSTER}/runCommand", {"command": command}, api_version=API)
    emulator.advance(600)
    said: Json = emulator.http.get(accepted.headers["Location"]).json()["properties"]
    return said


def test_columns_are_printed_as_kubectl_does(serve: Serve) -> None:
    """Names, escaped dots and [*] are found, a missing value is <none>, several are joined by a comma."""
    emulator = serve(cluster_world())

    said = run(
        emulator,
        r"kubectl get nodes -o 'custom-columns=NODE:.metadata.name,POOL:.metadata.labels.kubernetes\.azure\.com/agentpool,"
        "CORDONED:.spec.unschedulable,TYPES:.status.conditions[*].type'",
    )

    assert (said["exitCode"], said["provisioningState"].lower()) == (0, "succeeded")
    lines = [line.split() for line in said["logs"].splitlines()]
    assert lines[0] == ["NODE", "POOL", "CORDONED", "TYPES"]
    assert lines[1] == ["aks-np1-0", "np1", "<none>", "Ready"]
    assert len(lines) == 4


def test_maps_are_printed_as_go_does(serve: Serve) -> None:
    """A selector is shown as map[…], headings can be left out, and a list without objects has its headings alone."""
    workload = {
        "name": "web",
        "namespace": "shop",
        "replicas": 2,
        "pools": ["np1"],
        "disruptionBudget": {"name": "web", "minAvailable": "1"},
    }
    emulator = serve(cluster_world(extras={"workloads": [workload]}))

    shown = run(
        emulator, "kubectl get pdb -A --no-headers -o custom-columns=NAME:.metadata.name,OF:.spec.selector"
    )
    nothing = run(emulator, "kubectl get pods -n none -o custom-columns=NAME:.metadata.name && echo the end")

    assert shown["logs"].split() == ["web", "map[matchLabels:map[app:web]]"]
    assert nothing["logs"] == "NAME\nthe end\n"


@pytest.mark.parametrize("columns", ["", "NAME", "NAME:", "NAME:.a[0]"])
def test_columns_that_are_none_are_refused(serve: Serve, columns: str) -> None:
    """A specification that this kubectl does not understand fails the command, with the part that is wrong."""
    said = run(serve(cluster_world()), f"kubectl get nodes -o custom-columns={columns}")

    assert said["exitCode"] == 1
    assert said["logs"].startswith("error: ")
