"""Commands run on a cluster: a small kubectl, as runCommand answers it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from emulated_node_pools import API, CLUSTER, NEW, OLD, cluster_world, container_service, node_pool
from emulated_worlds import Emulator, Json, Serve

WORKLOADS: list[Json] = [
    {
        "name": "web",
        "namespace": "shop",
        "replicas": 5,
        "pools": ["np1"],
        "disruptionBudget": {"name": "web-budget", "minAvailable": "50%"},
    },
    {"name": "agent", "replicas": 1, "disruptionBudget": {"maxUnavailable": 0}},
]


def run(emulator: Emulator, text: str) -> Json:
    """What a command ends with: its exit code and its logs."""
    accepted = emulator.arm("POST", f"{CLUSTER}/runCommand", {"command": text}, api_version=API)
    assert accepted.status_code == 202, accepted.text
    emulator.advance(10)
    return emulator.http.get(accepted.headers["Location"]).json()["properties"]


def got(emulator: Emulator, what: str) -> Any:  # noqa: ANN401 - whatever Kubernetes shows
    """What ``kubectl get … -o json`` prints."""
    return json.loads(run(emulator, f"kubectl get {what} -o json")["logs"])


@pytest.fixture
def shop(serve: Serve) -> Emulator:
    """A cluster of a system pool of one node and np1 of three, with workloads."""
    pools = (node_pool("sys", count=1, mode="System"), node_pool(nodeLabels={"tier": "front"}))
    return serve(cluster_world(*pools, extras={"workloads": WORKLOADS}))


def test_official_client_runs_a_command(serve: Serve) -> None:
    """begin_run_command of the official client polls its Location until the result is there; get_command_result has it again (R69)."""
    emulator = serve(cluster_world(extras={"timings": {"command": 0, "retryAfter": 0}}))
    client = container_service(emulator)

    result = client.managed_clusters.begin_run_command(
        "rg", "shop", {"command": "kubectl get nodes -o name", "context": "", "clusterToken": ""}
    ).result()
    again = client.managed_clusters.get_command_result("rg", "shop", result.id)

    assert (result.provisioning_state, result.exit_code) == ("Succeeded", 0)
    assert result.logs == "node/aks-np1-0\nnode/aks-np1-1\nnode/aks-np1-2\n"
    assert again.logs == result.logs
    with pytest.raises(ResourceNotFoundError, match="nobodys"):
        client.managed_clusters.get_command_result("rg", "shop", "nobodys")


def test_result_is_there_after_the_time_of_a_command(shop: Emulator) -> None:
    """The result is 202 for as long as ``timings.command`` says, then 200 with when it began and ended."""
    accepted = shop.arm("POST", f"{CLUSTER}/runCommand", {"command": "kubectl version"}, api_version=API)
    early = shop.http.get(accepted.headers["Location"])
    shop.advance(5)
    late = shop.http.get(early.headers["Location"]).json()["properties"]

    assert (early.status_code, early.text) == (202, "")
    assert late["startedAt"] < late["finishedAt"]
    assert late["logs"] == "Client Version: v1.31.0\nServer Version: v1.30.4\n"


def test_nodes_have_kubernetes_own_shape(shop: Emulator) -> None:
    """Nodes show their pool by label, their version, their OS and whether they are ready."""
    listed = got(shop, "nodes -l kubernetes.azure.com/agentpool=np1,tier=front")

    node = listed["items"][0]
    assert (listed["kind"], len(listed["items"])) == ("List", 3)
    assert (node["kind"], node["metadata"]["name"]) == ("Node", "aks-np1-0")
    assert node["metadata"]["labels"]["agentpool"] == "np1"
    assert node["metadata"]["labels"]["kubernetes.azure.com/node-image-version"] == OLD
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.30.4"
    assert node["status"]["nodeInfo"]["osImage"] == "Ubuntu 22.04.4 LTS"
    assert node["status"]["conditions"][0]["type"] == "Ready"
    assert node["status"]["conditions"][0]["status"] == "True"


def test_pods_and_budgets_have_kubernetes_own_shape(shop: Emulator) -> None:
    """Pods say their node and owner; budgets their status, percentages rounded up, one that allows nothing included (N32)."""
    pods, budgets = got(shop, "pods -n shop"), got(shop, "pdb --all-namespaces")

    assert {pod["metadata"]["ownerReferences"][0]["kind"] for pod in pods["items"]} == {"ReplicaSet"}
    assert {pod["spec"]["nodeName"] for pod in pods["items"]} == {f"aks-np1-{n}" for n in range(3)}
    web, agent = budgets["items"]
    assert (web["spec"]["minAvailable"], web["spec"]["selector"]) == (
        "50%",
        {"matchLabels": {"app": "web"}},
    )
    assert web["status"] == {
        "currentHealthy": 5,
        "desiredHealthy": 3,
        "disruptionsAllowed": 2,
        "expectedPods": 5,
        "observedGeneration": 1,
    }
    assert (agent["metadata"]["name"], agent["spec"]["maxUnavailable"]) == ("agent", 0)
    assert agent["status"]["disruptionsAllowed"] == 0


def test_tables_are_printed_for_people(shop: Emulator) -> None:
    """Without -o there are columns, with -o wide more of them; namespaces are a column with -A alone."""
    nodes = run(shop, "kubectl get nodes")["logs"].splitlines()
    wide = run(shop, "kubectl get no aks-np1-0 -o wide")["logs"].splitlines()
    everywhere = run(shop, "kubectl get pdb -A --no-headers")["logs"].splitlines()
    here = run(shop, "kubectl get pdb")["logs"].splitlines()

    assert nodes[0].split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert nodes[1].split() == ["aks-sys-0", "Ready", "<none>", "0m", "v1.30.4"]
    assert wide[0].split()[-2:] == ["KERNEL-VERSION", "CONTAINER-RUNTIME"]
    assert [line.split() for line in everywhere] == [
        ["shop", "web-budget", "50%", "N/A", "2"],
        ["default", "agent", "N/A", "0", "0"],
    ]
    assert [line.split()[0] for line in here] == ["NAME", "agent"]
    assert run(shop, "kubectl get pods -n empty")["logs"] == "No resources found in empty namespace.\n"


def test_nodes_are_annotated_and_cordoned(shop: Emulator) -> None:
    """Annotations are set, kept from being replaced without --overwrite, and taken away; cordoned nodes say so."""
    set_them = run(shop, "kubectl annotate nodes aks-np1-0 aks-np1-1 team=blue")
    clash = run(shop, "kubectl annotate node aks-np1-0 team=red")
    over = run(shop, "kubectl annotate node/aks-np1-0 team=red --overwrite")
    away = run(shop, "kubectl annotate nodes -l agentpool=np1 team-")
    closed = run(shop, "kubectl cordon aks-np1-2 && kubectl get node aks-np1-2")

    assert set_them["logs"] == "node/aks-np1-0 annotated\nnode/aks-np1-1 annotated\n"
    assert (clash["exitCode"], over["exitCode"], away["exitCode"]) == (1, 0, 0)
    assert "'team' already has a value (blue)" in clash["logs"]
    assert all("team" not in node["metadata"]["annotations"] for node in got(shop, "nodes")["items"])
    assert "Ready,SchedulingDisabled" in closed["logs"]
    assert got(shop, "node aks-np1-2")["spec"]["unschedulable"] is True
    assert run(shop, "kubectl uncordon aks-np1-2")["logs"] == "node/aks-np1-2 uncordoned\n"
    assert "unschedulable" not in got(shop, "node aks-np1-2")["spec"]


@pytest.mark.parametrize(
    ("text", "exit_code", "words"),
    [
        ("kubectl get nodes -o name && kubectl version --client", 0, "Client Version"),
        ("kubectl get node nobody || kubectl version", 0, "Server Version"),
        ("kubectl get node nobody; kubectl get node aks-np1-0 -o name", 0, "node/aks-np1-0"),
        ("kubectl get node nobody\nkubectl get nodes", 0, "Ready"),
        ("kubectl get node nobody && kubectl version", 1, '(NotFound): nodes "nobody" not found'),
        ("kubectl drain aks-np1-0", 1, 'error: unknown command "drain" for "kubectl"'),
        ("kubectl get deployments", 1, 'the server doesn\'t have a resource type "deployments"'),
        ("kubectl get nodes --frob", 1, "error: unknown flag: --frob"),
        ("kubectl get nodes -o", 1, "flag needs an argument: --output"),
        ("kubectl get nodes -o jsonpath='{.items}'", 1, "unable to match a printer"),
        ("kubectl get nodes -l 'a b'", 1, "unable to parse requirement"),
        ("kubectl get nodes -l 'agentpool notin (np1, sys)'", 0, "No resources found"),
        ("kubectl annotate nodes aks-np1-0", 1, "at least one annotation update is required"),
        ("kubectl annotate pods web team=blue", 1, "annotates nodes"),
        ("kubectl annotate nodes nobody team=blue", 1, 'nodes "nobody" not found'),
        ("kubectl annotate nodes team=blue", 1, "no name was specified"),
        ("helm list", 127, "helm: not found"),
        ("kubectl get nodes | wc -l", 2, "sh: |"),
        ("kubectl get 'nodes", 2, "No closing quotation"),
    ],
)
def test_commands_end_as_a_shell_and_kubectl_end_them(
    shop: Emulator, text: str, exit_code: int, words: str
) -> None:
    """Joined commands go on as a shell does; whatever this kubectl does not know ends with an exit code and words that say so."""
    result = run(shop, text)

    assert (result["provisioningState"], result["exitCode"]) == ("Succeeded", exit_code)
    assert words in result["logs"]


def test_command_needs_a_text_and_a_cluster_that_runs(serve: Serve) -> None:
    """A body without a command is 400 and names it; a stopped cluster is 409."""
    emulator = serve(cluster_world())
    stopped = serve(cluster_world(powerState={"code": "Stopped"}))

    refused = emulator.arm("POST", f"{CLUSTER}/runCommand", {"command": " "}, api_version=API)

    assert (refused.status_code, refused.json()["error"]["target"]) == (400, "command")
    with pytest.raises(HttpResponseError, match="is stopped"):
        container_service(stopped).managed_clusters.begin_run_command(
            "rg", "shop", {"command": "kubectl version"}
        )


def test_command_can_fail_or_never_end(serve: Serve) -> None:
    """A fault lets a command fail with its reason and without having done anything, or never end."""
    emulator = serve(cluster_world())
    failing = {
        "match": {"path": "*/runCommand"},
        "effect": {"operation": "Failed", "message": "no pod"},
        "times": 1,
    }
    stuck = {"match": {"path": "*/runCommand"}, "effect": {"operation": "stuck"}}

    emulator.admin("POST", "faults", failing)
    failed = run(emulator, "kubectl cordon aks-np1-0")
    emulator.admin("POST", "faults", stuck)
    accepted = emulator.arm("POST", f"{CLUSTER}/runCommand", {"command": "kubectl version"}, api_version=API)
    emulator.advance(86_400)

    assert (failed["provisioningState"], failed["reason"]) == ("Failed", "OperationFailed: no pod")
    assert "exitCode" not in failed
    assert emulator.http.get(accepted.headers["Location"]).status_code == 202
    emulator.admin("DELETE", "faults")
    assert "unschedulable" not in got(emulator, "node aks-np1-0")["spec"]


def test_nodes_of_an_upgrade_are_seen_from_inside(serve: Serve) -> None:
    """A node that is being reimaged is not ready, a surge node is there once it is created (R70)."""
    emulator = serve(cluster_world())
    emulator.arm("POST", f"{CLUSTER}/agentPools/np1/upgradeNodeImageVersion", api_version=API)

    before = len(got(emulator, "nodes")["items"])
    emulator.advance(70)
    nodes = {n["metadata"]["name"]: n for n in got(emulator, "nodes")["items"]}

    assert before == 3
    assert nodes["aks-np1-3"]["metadata"]["labels"]["kubernetes.azure.com/node-image-version"] == NEW
    assert nodes["aks-np1-0"]["status"]["conditions"][0]["status"] == "False"
