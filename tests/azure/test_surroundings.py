"""What stands outside a model: read with one call each, and an answer of its own where it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure_doubles import SUBSCRIPTION, Reply, ScriptedServer, Seen, arm_error_body

from fleetwright.azure.client import ArmClient
from fleetwright.azure.scale_sets import ScaleSetDriver
from fleetwright.azure.supported_images import is_listed, listed_images
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import ImageReference
from fleetwright.domain.model import ServiceFabricExtension
from fleetwright.domain.surroundings import ImageSupport, LoadBalancer, NodeType, Surroundings, Unread

BALANCER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/lb"
CLUSTERS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ServiceFabric/clusters"
ENDPOINT = "https://westeurope.servicefabric.azure.com/runtime/clusters/1"
FABRIC = ServiceFabricExtension("fabric", "1.1", "Silver", ENDPOINT, "nt")
VERSION = "18.04.202401010"


def answering(bodies: Mapping[str, object]) -> Callable[[Seen], Reply]:
    """Answers by the end of the path; what is not there is 404."""

    def answer(seen: Seen) -> Reply:
        path = urlsplit(seen.target).path
        body = next((body for end, body in bodies.items() if path.endswith(end)), None)
        if isinstance(body, Reply):
            return body
        return Reply(body=body) if body is not None else Reply(404, arm_error_body("ResourceNotFound"))

    return answer


def read(client: ArmClient, server: ScriptedServer, fleet: Fleet, **bodies: object) -> Surroundings:
    """The surroundings with these answers: ``version``, ``balancer``, ``clusters``."""
    ends = {"version": VERSION, "balancer": "/loadBalancers/lb", "clusters": "/clusters"}
    server.script(answering({ends[name]: body for name, body in bodies.items()}))
    return ScaleSetDriver(client).fetch_surroundings(fleet, VERSION)


def version(supported: object) -> dict[str, Any]:
    """A version of the catalogue that says so."""
    return {"properties": {"automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": supported}}}


def balancer(sku: str = "Standard", interval: object = 5, probe: str = "p") -> dict[str, Any]:
    """A load balancer with one probe."""
    probes = [{"name": probe, "properties": {"intervalInSeconds": interval}}]
    return {"name": "lb", "sku": {"name": sku}, "properties": {"probes": probes}}


def clusters(*node_types: dict[str, Any], endpoint: str = ENDPOINT) -> dict[str, Any]:
    """The subscription's clusters: another one, and this."""
    other = {"name": "other", "properties": {"clusterEndpoint": "https://x", "nodeTypes": [{"name": "nt"}]}}
    this = {"name": "sf", "properties": {"clusterEndpoint": endpoint, "nodeTypes": list(node_types)}}
    return {"value": [other, this]}


@pytest.mark.parametrize("shown", [True, False])
def test_the_catalogue_says_whether_an_image_is_supported(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, shown: bool
) -> None:
    """R53: one version is asked for automaticOSUpgradeProperties."""
    found = read(client, server, fleet, version=version(shown))

    assert found.image == ImageSupport(shown, listed=True)
    (seen,) = server.seen
    assert urlsplit(seen.target).path.endswith(f"/skus/18.04-LTS/versions/{VERSION}")


@pytest.mark.parametrize("body", [{}, {"properties": {}}, version(None), version("yes")])
def test_a_catalogue_that_does_not_say_leaves_it_to_the_tables(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, body: dict[str, Any]
) -> None:
    """R53, C3: what is not a flag is no answer."""
    assert read(client, server, fleet, version=body).image == ImageSupport(None, listed=True)
    other = replace(fleet, image=ImageReference("Contoso", "Web", "1", "latest"))
    assert read(client, server, other, version=body).image == ImageSupport(None, listed=False)


@pytest.mark.parametrize(
    "image",
    [
        ("canonical", "ubuntuserver", "18.04-lts"),
        ("OpenLogic", "CentOS", "7.5"),
        ("CoreOS", "CoreOS", "Stable"),
        ("MicrosoftWindowsServer", "WindowsServer", "2016-Datacenter-gensecond"),
        ("MicrosoftWindowsServer", "WindowsServer", "2019-Datacenter-Core"),
        ("MicrosoftWindowsServer", "WindowsServer", "Datacenter-Core-1903-with-Containers-smalldisk"),
    ],
)
def test_the_tables_name_publishers_by_id(image: tuple[str, str, str]) -> None:
    """C3, R53: the union of the pages' tables, in ids and not in prose, in any case of letters."""
    assert is_listed(ImageReference(*image))
    assert not any(" " in publisher for publisher, _, _ in listed_images())


def test_only_what_a_rule_asks_for_is_read(client: ArmClient, server: ScriptedServer, fleet: Fleet) -> None:
    """R28: a gallery's image needs no catalogue of Azure's, and a set without probe or cluster none of theirs."""
    gallery = replace(fleet, image=ImageReference(resource_id="/s/galleries/g/images/web"))

    found = read(client, server, gallery)

    assert (found.image, found.load_balancer, found.node_type) == (None, None, None)
    assert server.seen == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (balancer(), LoadBalancer("lb", "Standard", "P", 5)),
        (balancer("Basic", 120), LoadBalancer("lb", "Basic", "P", 120)),
        (balancer(probe="other"), LoadBalancer("lb", "Standard", "P", None)),
        (balancer(interval="soon"), LoadBalancer("lb", "Standard", "P", 0)),
        ({}, LoadBalancer("lb", "", "P", None)),
    ],
)
def test_the_load_balancer_of_the_probe_is_read(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, body: dict[str, Any], expected: LoadBalancer
) -> None:
    """R34, R35: SKU and interval, by the probe's name in any case of letters."""
    probed = replace(fleet, probe_id=f"{BALANCER}/probes/P")

    assert read(client, server, probed, version=version(True), balancer=body).load_balancer == expected


def test_a_probe_of_no_load_balancer_is_told_without_a_call(
    client: ArmClient, server: ScriptedServer, fleet: Fleet
) -> None:
    """R34: an id that leads elsewhere is not called."""
    found = read(client, server, replace(fleet, probe_id="/probes/p"), version=version(True))

    assert found.load_balancer == Unread(
        "health probe /probes/p", "its id is not that of a load balancer's probe"
    )
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            clusters({"name": "NT", "durabilityLevel": "Gold", "isStateless": True}),
            NodeType("sf", "NT", "Gold", is_stateless=True),
        ),
        (clusters({"name": "nt"}, endpoint=f"{ENDPOINT.upper()}/"), NodeType("sf", "nt", "Bronze")),
    ],
)
def test_the_node_type_is_found_by_endpoint_and_name(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, body: dict[str, Any], expected: NodeType
) -> None:
    """R22, C1: in a list of the subscription's clusters, whatever case and slash; the API's default is Bronze."""
    found = read(client, server, replace(fleet, fabric=FABRIC), version=version(True), clusters=body)

    assert found.node_type == expected
    target = urlsplit(server.seen[-1].target)
    assert (target.path, parse_qs(target.query)["api-version"]) == (CLUSTERS, ["2021-06-01"])


@pytest.mark.parametrize(
    ("fabric", "body", "words"),
    [
        (FABRIC, {"value": []}, "the subscription has no such cluster"),
        (replace(FABRIC, cluster_endpoint=""), clusters({"name": "nt"}), "has no such cluster"),
        (FABRIC, clusters({"name": "other"}), "cluster sf has no such node type"),
        (
            FABRIC,
            Reply(403, arm_error_body("AuthorizationFailed", "no role")),
            "AuthorizationFailed: no role",
        ),
    ],
)
def test_a_cluster_that_is_not_found_is_an_answer(
    client: ArmClient,
    server: ScriptedServer,
    fleet: Fleet,
    fabric: ServiceFabricExtension,
    body: object,
    words: str,
) -> None:
    """R22: no error, but one line about what was not found and why."""
    found = read(client, server, replace(fleet, fabric=fabric), version=version(True), clusters=body)

    assert isinstance(found.node_type, Unread)
    assert words in str(found.node_type)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(403, arm_error_body("AuthorizationFailed")),
        Reply(404, arm_error_body("ResourceNotFound")),
        Reply(200, b"not json"),
        Reply(200, []),
    ],
    ids=["403", "404", "no JSON", "another shape"],
)
def test_nothing_outside_the_model_can_break_the_check(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, reply: Reply
) -> None:
    """R22, R34, R35, R53: whatever a service answers, there is one line for it and no traceback."""
    everything = replace(fleet, probe_id=f"{BALANCER}/probes/p", fabric=FABRIC)

    found = read(client, server, everything, version=reply, balancer=reply, clusters=reply)

    for thing in (found.image, found.load_balancer, found.node_type):
        assert isinstance(thing, Unread)
        assert len(str(thing).splitlines()) == 1
