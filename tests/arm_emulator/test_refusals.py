"""What a client's PUT and PATCH are refused, with Azure's codes, and what world files may have all the same."""

from __future__ import annotations

from typing import Any

import pytest
from emulated_worlds import (
    HEALTH_EXTENSION,
    SUBSCRIPTION,
    V2,
    Emulator,
    Json,
    Serve,
    extension,
    scale_set,
    scale_set_id,
    world,
)

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
PROBE = f"{GROUP}/Microsoft.Network/loadBalancers/lb/probes/p"
ENABLE: Json = {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}}
WINDOWS = {
    "imageReference": {
        "publisher": "Canonical",
        "offer": "UbuntuServer",
        "sku": "18.04-LTS",
        "version": "latest",
    }
}


def fabric(durability: str | None = "Silver", version: str = "1.1", **settings: object) -> Json:
    """The Service Fabric extension of node type ``front``."""
    said = {"clusterEndpoint": "https://fabric.example/c/", "nodeTypeRef": "front", **settings}
    if durability:
        said["durabilityLevel"] = durability
    properties = {"publisher": "Microsoft.Azure.ServiceFabric", "type": "ServiceFabricNode"}
    return {"name": "Fabric", "properties": {**properties, "typeHandlerVersion": version, "settings": said}}


def cluster(durability: str, *, is_stateless: bool = False) -> Json:
    """A cluster with node type ``front``."""
    node_type = {
        "name": "front",
        "durabilityLevel": durability,
        "isStateless": is_stateless,
        "vmInstanceCount": 5,
    }
    properties = {"clusterEndpoint": "https://fabric.example/c", "nodeTypes": [node_type]}
    return {"resource": {"id": f"{GROUP}/Microsoft.ServiceFabric/clusters/c", "properties": properties}}


def balancer(sku: str) -> Json:
    """A load balancer with probe ``p``."""
    probes = [{"name": "p", "properties": {"port": 80, "protocol": "Tcp", "intervalInSeconds": 5}}]
    return {
        "resource": {
            "id": PROBE.split("/probes/", maxsplit=1)[0],
            "sku": {"name": sku},
            "properties": {"probes": probes},
        }
    }


def fleet(
    *extensions: Json,
    probe: str | None = None,
    storage: Json | None = None,
    **properties: Any,  # noqa: ANN401 - any JSON
) -> Json:
    """A scale set with these extensions, and what else its properties have."""
    made = scale_set(extensions=extensions)
    profile = made["resource"]["properties"]["virtualMachineProfile"]
    profile["storageProfile"].update(storage or {})
    profile["osProfile"].update(properties.pop("osProfile", {}))
    if probe:
        profile["networkProfile"] = {"healthProbe": {"id": probe}}
    made["resource"]["properties"].update(properties)
    return made


def enabled(emulator: Emulator) -> tuple[int, str, str]:
    """Status, code and message of a PATCH that enables automatic OS upgrade."""
    answer = emulator.arm("PATCH", scale_set_id(), {"properties": ENABLE})
    error = answer.json().get("error", {})
    return answer.status_code, error.get("code", ""), error.get("message", "")


MANAGED = {"imageReference": {"id": f"{GROUP}/Microsoft.Compute/images/x"}}
PINNED_GALLERY = {"imageReference": {"id": f"{GROUP}/Microsoft.Compute/galleries/g/images/i/versions/1.0.0"}}
PINNED = {"imageReference": {**WINDOWS["imageReference"], "version": V2}}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (fleet(HEALTH_EXTENSION, storage=PINNED), f"version of its image reference is '{V2}'"),
        (fleet(HEALTH_EXTENSION, storage=PINNED_GALLERY), "version of its image reference is '1.0.0'"),
        (fleet(HEALTH_EXTENSION, storage=MANAGED), "managed image"),
        (fleet(extension("Setup")), "a health probe or health extension was not specified"),
        (fleet(HEALTH_EXTENSION, probe=PROBE), "both a health probe and a health extension were provided"),
        (
            fleet(HEALTH_EXTENSION, osProfile={"windowsConfiguration": {"patchSettings": {"patchMode": "automaticByPlatform"}}}),
            "patchMode cannot be set to automaticByPlatform",
        ),
        (
            fleet(HEALTH_EXTENSION, osProfile={"windowsConfiguration": {"enableAutomaticUpdates": True}}),
            "enableAutomaticUpdates must be false",
        ),
        (fleet(fabric(version="1.0")), "typeHandlerVersion 1.0; it must be 1.1 or above"),
        (fleet(fabric("Bronze")), "durabilityLevel Bronze"),
        (fleet(fabric("Bronze", isStateless=True)), "durabilityLevel Bronze"),
        (fleet(fabric("bronze"), HEALTH_EXTENSION), "durabilityLevel bronze"),
        (fleet(fabric("Gold"), probe=PROBE), "probes are not supported"),
    ],
)  # fmt: skip
def test_what_automatic_upgrade_cannot_be_enabled_with(serve: Serve, made: Json, said: str) -> None:
    """A PATCH that enables it is 400 with Azure's words, and nothing changes (R15, R16, R19, R20, R21, R24, R28, R33, C1, C2, N1, N2, N3, N4)."""
    emulator = serve(world(made))

    status, code, message = enabled(emulator)

    assert (status, code in {"BadRequest", "InvalidParameter"}) == (400, True)
    assert said in message
    assert "automaticOSUpgradePolicy" not in emulator.arm("GET", scale_set_id()).text


@pytest.mark.parametrize(
    "made",
    [
        fleet(HEALTH_EXTENSION),
        fleet(probe=PROBE),
        fleet(fabric("silver")),
        fleet(fabric("Gold", "1.10")),
        fleet(fabric("Bronze", isStateless=True), HEALTH_EXTENSION),
        fleet(HEALTH_EXTENSION, osProfile={"windowsConfiguration": {"enableAutomaticUpdates": False}}),
    ],
)
def test_what_automatic_upgrade_can_be_enabled_with(serve: Serve, made: Json) -> None:
    """One health source, or Service Fabric with durability Silver or Gold, whatever the case (R16, R20, R23, C1, C5)."""
    assert enabled(serve(world(made)))[0] == 200


def test_public_body_of_enabling_keeps_the_other_policy(serve: Serve) -> None:
    """The PATCH body of the public page is taken, and other fields of the policy are untouched (R30)."""
    policy = {
        "maxBatchInstancePercent": 10,
        "maxUnhealthyInstancePercent": 30,
        "pauseTimeBetweenBatches": "PT5S",
    }
    emulator = serve(
        world(fleet(HEALTH_EXTENSION, upgradePolicy={"mode": "rolling", "rollingUpgradePolicy": policy}))
    )

    shown = emulator.arm("PATCH", scale_set_id(), {"properties": ENABLE}).json()["properties"][
        "upgradePolicy"
    ]

    assert shown == {"mode": "Rolling", "rollingUpgradePolicy": policy, **ENABLE["upgradePolicy"]}


def test_enabling_turns_windows_updates_off(serve: Serve) -> None:
    """Where nothing is said of Windows' own updates they are off afterwards, and cannot be turned on (N3, R24)."""
    emulator = serve(world(fleet(HEALTH_EXTENSION, osProfile={"windowsConfiguration": {}})))
    enabled(emulator)
    turn_on = {"osProfile": {"windowsConfiguration": {"enableAutomaticUpdates": True}}}

    refused = emulator.arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": turn_on}})

    profile = emulator.arm("GET", scale_set_id()).json()["properties"]["virtualMachineProfile"]
    assert profile["osProfile"]["windowsConfiguration"] == {"enableAutomaticUpdates": False}
    assert refused.status_code == 400


@pytest.mark.parametrize("version", ["2017-03-30", "2018-06-01"])
def test_old_api_version_neither_sets_nor_removes_the_property(serve: Serve, version: str) -> None:
    """Before 2018-10-01 the property is refused; a PUT that leaves it out keeps what it cannot know (R17)."""
    emulator = serve(
        world(fleet(HEALTH_EXTENSION, upgradePolicy={"mode": "Manual", **ENABLE["upgradePolicy"]}))
    )
    shown = emulator.arm("GET", scale_set_id()).json()

    refused = emulator.arm("PUT", scale_set_id(), shown, api_version=version)
    del shown["properties"]["upgradePolicy"]["automaticOSUpgradePolicy"]
    taken = emulator.arm("PUT", scale_set_id(), shown, api_version=version)

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert taken.json()["properties"]["upgradePolicy"] == {"mode": "Manual", **ENABLE["upgradePolicy"]}
    gone = emulator.arm("PUT", scale_set_id(), shown).json()["properties"]["upgradePolicy"]
    assert gone == {"mode": "Manual"}


@pytest.mark.parametrize(
    ("durability", "listed", "taken"),
    [("Silver", "Gold", False), ("Silver", "silver", True), ("Bronze", "Silver", False)],
)
def test_durability_is_that_of_the_cluster(serve: Serve, durability: str, listed: str, taken: bool) -> None:
    """An extension whose durabilityLevel differs from its node type's in a listed cluster is refused (R22)."""
    emulator = serve(world(serviceFabricClusters=[cluster(listed)]))
    extensions = {"extensionProfile": {"extensions": [fabric(durability)]}}

    answer = emulator.arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": extensions}})

    assert answer.status_code == (200 if taken else 400)
    assert taken or f"durabilityLevel {listed} of node type 'front'" in answer.json()["error"]["message"]


def test_listed_cluster_says_who_is_stateless(serve: Serve) -> None:
    """The node type of a listed cluster decides whether Bronze is stateless (C1, R20)."""
    made = fleet(fabric("Bronze"), HEALTH_EXTENSION)

    stateless = serve(world(made, serviceFabricClusters=[cluster("Bronze", is_stateless=True)]))
    stateful = serve(world(made, serviceFabricClusters=[cluster("Bronze")]))

    assert (enabled(stateless)[0], enabled(stateful)[0]) == (200, 400)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"singlePlacementGroup": False}, "needs a Standard load balancer"),
        ({"automaticRepairsPolicy": {"gracePeriod": "PT9M"}}, "'PT9M' is not an ISO 8601 duration from PT10M to PT90M"),
        ({"automaticRepairsPolicy": {"gracePeriod": "PT2H"}}, "PT90M"),
        ({"automaticRepairsPolicy": {"repairAction": "Redeploy"}}, "not one of Replace, Restart, Reimage"),
        ({"externalHealthPolicy": {"enabled": True}}, "together with a health probe or health extension"),
        ({"externalHealthPolicy": {"expiryDuration": "PT4H"}}, "from PT5M to PT3H"),
        ({"upgradePolicy": {"rollingUpgradePolicy": {"maxBatchInstancePercent": 4}}}, "from 5 to 100"),
    ],
)  # fmt: skip
def test_what_properties_cannot_be(serve: Serve, properties: Json, said: str) -> None:
    """Ranges and combinations of properties are refused with the property as the target (R34, N11)."""
    emulator = serve(world(fleet(probe=PROBE), loadBalancers=[balancer("basic")]))

    refused = emulator.arm("PATCH", scale_set_id(), {"properties": properties})

    assert refused.status_code == 400
    assert said in refused.json()["error"]["message"]
    assert refused.json()["error"]["target"]


def test_repairs_need_one_health_source(serve: Serve) -> None:
    """Automatic repairs are refused with no health source and with two, and taken with one, in any case (N4, C5)."""
    body = {
        "properties": {
            "automaticRepairsPolicy": {"enabled": True, "gracePeriod": "PT30M", "repairAction": "reimage"}
        }
    }
    sets = [fleet(), fleet(HEALTH_EXTENSION, probe=PROBE), fleet(HEALTH_EXTENSION)]

    answers = [serve(world(made)).arm("PATCH", scale_set_id(), body).status_code for made in sets]

    assert answers == [400, 400, 200]


@pytest.mark.parametrize(
    "settings",
    [
        {"intervalInSeconds": 4}, {"intervalInSeconds": 61}, {"numberOfProbes": 0}, {"numberOfProbes": 25},
        {"gracePeriod": 14401}, {"gracePeriod": "60"}, {"protocol": "udp"},
    ],
)  # fmt: skip
def test_health_settings_have_ranges(serve: Serve, settings: Json) -> None:
    """Interval 5 to 60, probes 1 to 24, grace period up to 14400 seconds, protocol http, https or tcp (N22)."""
    properties = {**HEALTH_EXTENSION["properties"], "settings": settings}
    extensions = {"extensionProfile": {"extensions": [{"name": "Health", "properties": properties}]}}

    refused = serve().arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": extensions}})

    (name,) = settings
    assert refused.status_code == 400
    assert refused.json()["error"]["target"].endswith(f"Health.settings.{name}")


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ({"mode": "Rolling", **ENABLE["upgradePolicy"], "rollingUpgradePolicy": {"maxSurge": True}}, 409),
        ({"mode": "Rolling", "rollingUpgradePolicy": {"maxSurge": True}}, 201),
    ],
)
def test_flexible_knows_no_surge_for_os_upgrades(serve: Serve, policy: Json, status: int) -> None:
    """MaxSurge and automatic OS upgrade together are refused on Flexible sets (N17)."""
    body = fleet(
        HEALTH_EXTENSION, upgradePolicy=policy, orchestrationMode="Flexible", platformFaultDomainCount=1
    )
    body["resource"]["sku"]["capacity"] = 0

    assert serve().arm("PUT", scale_set_id("new"), body["resource"]).status_code == status


def test_rolling_on_flexible_needs_the_extension(serve: Serve) -> None:
    """A Flexible set with mode Rolling and no Application Health extension is refused (R16)."""
    body = fleet(probe=PROBE, upgradePolicy={"mode": "rolling"}, orchestrationMode="flexible")["resource"]

    refused = serve().arm("PUT", scale_set_id("new"), body)

    assert "a health extension was not provided" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"properties": {"virtualMachineProfile": {"storageProfile": {"imageReference": {"publisher": "Other"}}}}}, "PropertyChangeNotAllowed"),
        ({"properties": {"virtualMachineProfile": {"storageProfile": {"imageReference": {"offer": "Other"}}}}}, "PropertyChangeNotAllowed"),
        ({"zones": ["1"]}, "PropertyChangeNotAllowed"),
        ({"sku": {"capacity": 1001}}, "InvalidParameter"),
        ({"sku": {"capacity": 101}}, "InvalidParameter"),
    ],
)  # fmt: skip
def test_what_an_existing_set_cannot_become(serve: Serve, body: Json, code: str) -> None:
    """Publisher, offer and zones stay; a capacity has bounds, lower ones in a single placement group (R3, R52)."""
    emulator = serve(world(fleet(HEALTH_EXTENSION, singlePlacementGroup=True)))

    refused = emulator.arm("PATCH", scale_set_id(), body)

    assert (refused.json()["error"]["code"], len(emulator.audit()["imageVersions"])) == (code, 1)


def test_protection_is_of_a_newer_api_version(serve: Serve) -> None:
    """An instance is protected from api-version 2019-03-01 on, and never from scale set actions alone (N23)."""
    emulator = serve()
    path = f"{scale_set_id()}/virtualMachines/0"
    both: Json = {
        "properties": {"protectionPolicy": {"protectFromScaleIn": True, "protectFromScaleSetActions": True}}
    }
    alone: Json = {"properties": {"protectionPolicy": {"protectFromScaleSetActions": True}}}

    old = emulator.arm("PUT", path, both, api_version="2018-10-01")
    refused = emulator.arm("PUT", path, alone)
    taken = emulator.arm("PUT", path, both, api_version="2019-03-01")

    assert (old.status_code, old.json()["error"]["target"]) == (400, "protectionPolicy")
    assert refused.status_code == 409
    assert taken.json()["properties"]["protectionPolicy"]["protectFromScaleSetActions"] is True


def test_world_file_may_have_what_a_client_may_not(serve: Serve) -> None:
    """A world with a pinned image and no health source is loaded, and its tags can be changed (R15, R16)."""
    made = fleet(storage=PINNED, upgradePolicy={"mode": "Manual", **ENABLE["upgradePolicy"]})
    emulator = serve(world(made))

    tagged = emulator.arm("PATCH", scale_set_id(), {"tags": {"fleetwright": "enabled"}})
    again = enabled(emulator)

    assert tagged.status_code == 200
    assert again[:2] == (400, "BadRequest")
