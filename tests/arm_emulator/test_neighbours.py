"""What scale sets have around them: load balancers, Service Fabric clusters, quotas of vCPUs."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from emulated_worlds import SUBSCRIPTION, Json, Serve, scale_set, scale_set_id, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
BALANCER = f"{GROUP}/Microsoft.Network/loadBalancers/lb"
CLUSTER = f"{GROUP}/Microsoft.ServiceFabric/clusters/sf"
PROBE = {"protocol": "Http", "port": 80, "requestPath": "/", "intervalInSeconds": 5, "numberOfProbes": 2}


def load_balancer(sku: str = "Standard") -> Json:
    """A load balancer with one probe."""
    probes = [{"name": "p", "properties": PROBE}]
    return {
        "resource": {
            "id": BALANCER,
            "location": "westeurope",
            "sku": {"name": sku},
            "properties": {"probes": probes},
        }
    }


def cluster() -> Json:
    """A Service Fabric cluster with one node type."""
    node_type = {"name": "front", "durabilityLevel": "Silver", "isStateless": False, "vmInstanceCount": 5}
    properties = {"clusterEndpoint": "https://westeurope.example/sf", "nodeTypes": [node_type]}
    return {"resource": {"id": CLUSTER, "location": "westeurope", "properties": properties}}


def probe_patch(name: str) -> Json:
    """A PATCH body that names a probe of the load balancer."""
    profile = {"networkProfile": {"healthProbe": {"id": f"{BALANCER}/probes/{name}"}}}
    return {"properties": {"virtualMachineProfile": profile}}


def test_load_balancers_are_served_with_their_probes(serve: Serve) -> None:
    """A load balancer, its lists and its probes show interval, number, protocol, port and path (R35)."""
    emulator = serve(world(loadBalancers=[load_balancer()]))

    balancer = emulator.arm("GET", BALANCER.upper()).json()
    listed = [
        emulator.arm("GET", path).json()["value"]
        for path in (
            f"{GROUP}/Microsoft.Network/loadBalancers",
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/loadBalancers",
        )
    ]
    probe = emulator.arm("GET", f"{BALANCER}/probes/p").json()

    assert listed == [[balancer], [balancer]]
    assert balancer["sku"] == {"name": "Standard"}
    assert probe == balancer["properties"]["probes"][0]
    assert probe["id"] == f"{BALANCER}/probes/p"
    assert PROBE.items() <= probe["properties"].items()
    assert emulator.arm("GET", f"{BALANCER}/probes/q").json()["error"]["code"] == "ResourceNotFound"


def test_probe_that_does_not_exist_is_refused(serve: Serve) -> None:
    """A body that names a probe of no load balancer is refused as Azure words it, one that exists is taken (R16)."""
    emulator = serve(world(loadBalancers=[load_balancer()]))

    refused = emulator.arm("PATCH", scale_set_id(), probe_patch("nowhere"))
    taken = emulator.arm("PATCH", scale_set_id(), probe_patch("P"))

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidResourceReference")
    assert f"{BALANCER}/probes/nowhere referenced by resource {scale_set_id()}" in refused.text
    assert taken.status_code == 200


def test_world_that_lists_no_load_balancer_knows_no_probes(serve: Serve) -> None:
    """Without load balancers in the world any probe is taken, and a world file with an unknown one is loaded."""
    nothing_listed = serve()
    fleet = scale_set(extensions=())
    fleet["resource"]["properties"]["virtualMachineProfile"]["networkProfile"] = {
        "healthProbe": {"id": f"{BALANCER}/probes/gone"}
    }

    assert nothing_listed.arm("PATCH", scale_set_id(), probe_patch("any")).status_code == 200
    assert "vmHealth" in str(serve(world(fleet, loadBalancers=[load_balancer()])).instance("0"))


def test_service_fabric_clusters_are_served(serve: Serve) -> None:
    """A cluster and its lists show the endpoint and the node types with their durability (R22)."""
    emulator = serve(world(serviceFabricClusters=[cluster()]))

    one = emulator.arm("GET", CLUSTER).json()
    lists = [
        emulator.arm("GET", path).json()["value"]
        for path in (
            f"{GROUP}/Microsoft.ServiceFabric/clusters",
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ServiceFabric/clusters",
        )
    ]

    assert lists == [[one], [one]]
    assert one["properties"]["nodeTypes"][0]["durabilityLevel"] == "Silver"
    assert one["type"] == "Microsoft.ServiceFabric/clusters"
    assert emulator.arm("GET", f"{CLUSTER}2").status_code == 404


def test_usages_count_the_scale_sets(serve: Serve) -> None:
    """Usages, read by the official client, count two vCPUs an instance of Standard_D2s_v3 (N16)."""
    subscriptions = [{"id": SUBSCRIPTION, "quotas": {"West Europe": {"standardDSv3Family": 40}}}]
    emulator = serve(world(scale_set(), scale_set("b", capacity=2), subscriptions=subscriptions))

    usages = {u.name.value: (u.current_value, u.limit) for u in emulator.compute().usage.list("westeurope")}

    assert usages["standardDSv3Family"] == (34, 40)
    assert usages["cores"] == (34, 100_000)
    assert emulator.compute().usage.list("northeurope").next().current_value == 0


@pytest.mark.parametrize(
    ("quotas", "words"),
    [({"standardDSv3Family": 32}, "standardDSv3Family Cores"), (32, "Total Regional Cores")],
)
def test_scale_out_beyond_a_quota_is_refused(serve: Serve, quotas: object, words: str) -> None:
    """A client's scale-out beyond a listed quota is 409 in Azure's words, and nothing changes (N16)."""
    emulator = serve(
        world(scale_set(), subscriptions=[{"id": SUBSCRIPTION, "quotas": {"westeurope": quotas}}])
    )
    client = emulator.compute().virtual_machine_scale_sets

    with pytest.raises(HttpResponseError) as refused:
        client.begin_update("rg", "web", {"sku": {"capacity": 17}})
    client.begin_update("rg", "web", {"sku": {"capacity": 16}}).wait()

    assert (refused.value.status_code, refused.value.error.code) == (409, "OperationNotAllowed")
    assert f"exceeding approved {words} quota" in refused.value.error.message
    assert "Current Limit: 32, Current Usage: 30, Additional Required: 4" in refused.value.error.message
    assert client.get("rg", "web").sku.capacity == 16


def test_scaling_from_outside_keeps_to_a_listed_quota_only(serve: Serve) -> None:
    """POST /scale is refused by a quota that the world lists, and by nothing where it lists none (N16)."""
    listed = serve(world(subscriptions=[{"id": SUBSCRIPTION, "quotas": {"westeurope": 30}}]))
    unlisted = serve()

    refused = listed.admin("POST", "scale", {"id": scale_set_id(), "capacity": 16})

    assert refused["error"]["code"] == "OperationNotAllowed"
    assert unlisted.admin("POST", "scale", {"id": scale_set_id(), "capacity": 900})["capacity"] == 900


def test_neighbours_are_written_and_loaded_again(serve: Serve) -> None:
    """GET /world has load balancers, clusters and quotas, and a world made of it shows the same."""
    first = serve(
        world(
            loadBalancers=[load_balancer()],
            serviceFabricClusters=[cluster()],
            subscriptions=[{"id": SUBSCRIPTION, "quotas": {"westeurope": 30}}],
        )
    )
    document = first.admin("GET", "world")

    second = serve(document)

    assert second.admin("GET", "world") == document
    assert second.arm("GET", CLUSTER).json() == first.arm("GET", CLUSTER).json()
