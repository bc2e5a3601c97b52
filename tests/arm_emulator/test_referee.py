"""The referee over HTTP: each rule that it judges is broken once and kept once."""

from __future__ import annotations

import pytest
from emulated_worlds import V1, V2, V3, Json, Serve, scale_set, scale_set_id, world

IMAGES = [
    {
        "publisher": "Canonical",
        "offer": "UbuntuServer",
        "sku": "18.04-LTS",
        "versions": [{"name": name} for name in (V1, V2, V3)],
    }
]
SERVICE_FABRIC = {
    "name": "Fabric",
    "properties": {"publisher": "Microsoft.Azure.ServiceFabric", "type": "ServiceFabricNode"},
}


def three_versions(*scale_sets: Json, **sections: object) -> Json:
    """A world with three image versions."""
    return world(*scale_sets, **{"platformImages": IMAGES, **sections})


def own_policy(**percentages: object) -> Json:
    """An upgrade policy that the set really uses."""
    return {
        "mode": "Rolling",
        "automaticOSUpgradePolicy": {"useRollingUpgradePolicy": True},
        "rollingUpgradePolicy": percentages,
    }


def test_violation_says_what_when_and_where(serve: Serve) -> None:
    """R7: one instance too many out of service is told with its numbers."""
    emulator = serve(world(scale_set(unhealthyInstances=["9"])))

    emulator.reimage("0", "3", "6")

    assert emulator.admin("GET", "audit")["violations"] == [
        {
            "rule": "R7",
            "at": "2024-06-01T00:00:00Z",
            "resource": scale_set_id(),
            "detail": "4 of 15 instances out of service, cap 3",
        }
    ]


@pytest.mark.parametrize(("capacity", "cap"), [(1, 1), (5, 1), (9, 1), (10, 2), (14, 2), (15, 3), (100, 20)])
def test_batch_size_is_rounded_down(serve: Serve, capacity: int, cap: int) -> None:
    """R9: a batch of max(1, floor(n * 20 %)) is allowed, one more is not."""
    emulator = serve(world(scale_set(capacity=capacity, zones=("1",))))
    ids = [str(number) for number in range(capacity)]

    emulator.reimage(*ids[:cap])
    clean = emulator.broken_rules()
    emulator.advance(300)
    emulator.reimage(*ids[cap : 2 * cap + 1])

    assert clean == []
    if capacity > cap:
        assert emulator.broken_rules() == ["R7", "R9"]


def test_replacing_what_is_out_anyway_uses_no_budget(serve: Serve) -> None:
    """Section 0: an instance that is not ready uses no budget when it is the one that is upgraded."""
    policy = own_policy(maxBatchInstancePercent=20, maxUnhealthyInstancePercent=100)
    unhealthy = ["0", "3", "6", "9"]
    emulator = serve(world(scale_set(upgrade_policy=policy, unhealthyInstances=unhealthy)))

    emulator.reimage("0", "3")

    assert emulator.broken_rules() == []
    assert emulator.audit()["maxOutOfService"] == 4


@pytest.mark.parametrize(
    ("unhealthy", "swapped", "broken"),
    [
        (["1", "4", "7"], "0", False),
        (["1", "4", "7", "10"], "0", True),
        (["1", "4", "7", "10"], "1", False),
        (["1", "4", "7", "10", "13"], "1", True),
    ],
)
def test_swap_among_unhealthy_instances(
    serve: Serve, unhealthy: list[str], swapped: str, broken: bool
) -> None:
    """R14 is strict and judged just after the acceptance: what is in flight then is not unhealthy."""
    emulator = serve(world(scale_set(unhealthyInstances=unhealthy)))

    emulator.reimage(swapped)

    assert ("R14" in emulator.broken_rules()) is broken


def test_own_policy_counts_only_when_it_is_used(serve: Serve) -> None:
    """C7: the set's own policy holds with useRollingUpgradePolicy only, else 20/20/20."""
    used = own_policy(maxBatchInstancePercent=40)
    unused = {**used, "automaticOSUpgradePolicy": {"useRollingUpgradePolicy": False}}
    emulator = serve(
        world(scale_set("used", upgrade_policy=used), scale_set("unused", upgrade_policy=unused))
    )

    emulator.reimage("0", "3", "6", "9", name="used")
    clean = emulator.broken_rules()
    emulator.advance(300)
    emulator.reimage("0", "3", "6", "9", name="unused")

    assert (clean, emulator.broken_rules()) == ([], ["R7", "R9"])


@pytest.mark.parametrize(("extensions", "rule"), [((), "R49"), ((SERVICE_FABRIC,), "R25")])
def test_two_update_domains_at_once(serve: Serve, extensions: tuple[Json, ...], rule: str) -> None:
    """R49, and R25 for Service Fabric: a batch stays within one update domain."""
    emulator = serve(world(scale_set(capacity=20, zones=(), extensions=extensions)))

    emulator.reimage("0", "5")
    clean = emulator.broken_rules()
    emulator.reimage("1")

    assert (clean, emulator.broken_rules()) == ([], [rule])
    assert emulator.audit()["maxUpdateDomainsInFlight"] == 2


def test_two_zones_at_once(serve: Serve) -> None:
    """R48: two zones of a set in flight for the same image version; another version does not count."""
    emulator = serve(three_versions(scale_set(capacity=30)))

    emulator.reimage("0", version=V3)
    emulator.reimage("1", version=V2)
    other_version = emulator.broken_rules()
    emulator.reimage("2", version=V2)

    assert other_version == ["R49"]
    assert emulator.broken_rules() == ["R49", "R49", "R48"]
    assert emulator.admin("GET", "audit")["regions"]["westeurope"]["maxZonesInFlightPerImage"] == 2


def test_crossing_zones_is_lifted_inside_the_set_only(serve: Serve) -> None:
    """C8: enableCrossZoneUpgrade lifts R48 inside the set, never across the sets of a region."""
    policy = own_policy(enableCrossZoneUpgrade=True)
    emulator = serve(world(scale_set("a", upgrade_policy=policy), scale_set("b", upgrade_policy=policy)))

    emulator.reimage("0", "1", "2", name="a")
    inside = emulator.broken_rules()
    emulator.reimage("0", name="b")

    assert (inside, emulator.broken_rules()) == ([], ["R48"])


def test_one_zone_of_two_sets(serve: Serve) -> None:
    """R48 allows the same zone of two sets of a region, and other zones in other regions."""
    emulator = serve(world(scale_set("a"), scale_set("b"), scale_set("c", location="eastus")))

    emulator.reimage("0", name="a")
    emulator.reimage("0", name="b")
    emulator.reimage("1", name="c")

    assert emulator.broken_rules() == []


def test_paired_regions_at_once(serve: Serve) -> None:
    """R46: instances in flight in both regions of a pair, and the seconds of the overlap; the pair counts both ways."""
    emulator = serve(world(scale_set("a", location="westus3"), scale_set("b", location="eastus")))

    emulator.reimage("0", name="a")
    emulator.advance(10)
    emulator.reimage("0", name="b")
    emulator.advance(300)

    assert emulator.broken_rules() == ["R46"]
    assert emulator.admin("GET", "audit")["pairs"] == {"overlapSeconds": 30.0}


def test_second_swap_to_one_version(serve: Serve) -> None:
    """R44: v2 after v1 after v2, and v2 over v2, are second swaps; the latter is not counted as one."""
    emulator = serve()
    for version in (V2, V1, V2):
        emulator.reimage("0", version=version)
        emulator.advance(300)
    there_and_back = emulator.broken_rules()

    emulator.reimage("0", version=V2)

    assert (there_and_back, emulator.broken_rules()) == (["R44"], ["R44", "R44"])
    assert (emulator.audit()["swaps"], emulator.audit()["rollbacks"]) == ({"0": 2}, {"0": 1})


def test_swap_after_the_model_was_renewed_is_a_first_one(serve: Serve) -> None:
    """R37, N12: v2 after v1 after v2 is no second swap once the model has changed or the version was published anew, and is one again after that."""
    emulator = serve()
    settings = {"virtualMachineProfile": {"osProfile": {"customData": "cmVuZXdlZA=="}}}
    image = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
    for renew in (
        lambda: emulator.arm("PATCH", scale_set_id(), {"properties": settings}),
        lambda: emulator.admin("POST", "images", {**image, "version": V2}),
        lambda: None,
    ):
        for version in (V2, V1):
            emulator.reimage("0", version=version)
            emulator.advance(300)
        assert emulator.broken_rules() == []
        renew()

    emulator.reimage("0", version=V2)

    assert emulator.broken_rules() == ["R44"]
    assert emulator.audit()["swaps"] == {"0": 4}


def test_reimage_to_the_same_version_is_no_swap(serve: Serve) -> None:
    """A reimage to the version that an instance was loaded with is neither swap nor rollback nor violation."""
    emulator = serve()

    emulator.reimage("0", version=V1)
    emulator.advance(300)

    assert (emulator.audit()["swaps"], emulator.audit()["rollbacks"], emulator.broken_rules()) == ({}, {}, [])
    assert emulator.audit()["maxOutOfService"] == 1


def test_rollback_to_a_version_it_never_had(serve: Serve) -> None:
    """R11: a lower version that the instance never ran is no rollback but a violation; an older own one is none."""
    emulator = serve(three_versions(scale_set(imageVersion=V2)))
    emulator.reimage("0", version=V3)
    emulator.advance(300)

    emulator.reimage("0", version=V1)
    emulator.advance(300)
    never_had = emulator.broken_rules()
    emulator.reimage("0", version=V2)

    assert (never_had, emulator.broken_rules()) == (["R11"], ["R11"])


def test_rollback_is_no_swap_and_knows_no_limits(serve: Serve) -> None:
    """Rollbacks are counted apart and not judged by limits, but they are in flight."""
    emulator = serve(world(imageBehaviours=[{"version": V2, "health": "unhealthy"}]))
    emulator.reimage("0", "3", "6")
    emulator.advance(300)

    emulator.reimage("0", "3", "6", version=V1)
    emulator.advance(10)
    in_flight = emulator.audit()["busySeconds"]
    emulator.advance(300)

    report = emulator.audit()
    assert (report["swaps"], report["rollbacks"]) == ({"0": 1, "3": 1, "6": 1}, {"0": 1, "3": 1, "6": 1})
    assert in_flight == 310.0
    assert emulator.broken_rules() == []


def test_one_image_may_be_written_in_two_cases(serve: Serve) -> None:
    """R48 holds between sets that spell the same image differently."""
    shouting = scale_set("api")
    profile = shouting["resource"]["properties"]["virtualMachineProfile"]
    profile["storageProfile"]["imageReference"]["publisher"] = "CANONICAL"
    emulator = serve(world(scale_set(), shouting))
    emulator.reimage("0")

    emulator.reimage("1", name="api")

    assert emulator.broken_rules() == ["R48"]
    assert emulator.admin("GET", "audit")["regions"] == {"westeurope": {"maxZonesInFlightPerImage": 2}}


def test_swap_of_a_protected_instance(serve: Serve) -> None:
    """N23: a swap of an instance that is protected from scale set actions is accepted, and a violation."""
    emulator = serve()
    policy = {"protectFromScaleIn": True, "protectFromScaleSetActions": True}
    body = {"properties": {"protectionPolicy": policy}}
    emulator.arm("PUT", f"{scale_set_id()}/virtualMachines/3", body)

    accepted = emulator.reimage("0", "3")

    assert (accepted.status_code, emulator.broken_rules()) == (202, ["N23"])
