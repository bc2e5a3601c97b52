"""How the platform's own upgrades keep to the policy: rollback, thresholds, pauses, zones, delays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from emulated_galleries import gallery_set, gallery_world, version
from emulated_worlds import (
    HEALTH_EXTENSION,
    STEADY,
    V1,
    V2,
    V3,
    Emulator,
    Json,
    Serve,
    extension,
    scale_set,
    scale_set_id,
    world,
)

IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
START = datetime.fromisoformat("2024-06-01T00:00:00Z")


def automatic(rolling: Json | None = None, **flags: bool) -> Json:
    """An upgrade policy with automatic OS upgrades on, and the set's own rolling policy where there is one."""
    flags = {"enableAutomaticOSUpgrade": True, "useRollingUpgradePolicy": rolling is not None, **flags}
    policy: Json = {"mode": "Manual", "automaticOSUpgradePolicy": flags}
    return policy if rolling is None else {**policy, "rollingUpgradePolicy": rolling}


def platform_world(policy: Json | None = None, *, extras: Json | None = None, **sections: object) -> Json:
    """A world whose platform upgrades one set of 15 in three zones."""
    return world(
        scale_set(upgrade_policy=policy or automatic(), **(extras or {})), platformUpgrades=True, **sections
    )


def sick(*instances: str, version: str = V2, **how: str) -> Json:
    """These instances do not get healthy on the version."""
    return {"version": version, "instances": list(instances), **(how or {"health": "never"})}


def latest(emulator: Emulator) -> Json:
    """``properties`` of ``rollingUpgrades/latest``."""
    return emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").json()["properties"]


def entries(emulator: Emulator) -> list[Json]:
    """``properties`` of the entries of ``osUpgradeHistory``."""
    body = emulator.arm("GET", f"{scale_set_id()}/osUpgradeHistory").json()
    return [entry["properties"] for entry in body["value"]]


def code(emulator: Emulator) -> str:
    """``runningStatus.code`` of the latest upgrade."""
    return latest(emulator)["runningStatus"]["code"]


def began(emulator: Emulator) -> list[float]:
    """When each batch was accepted, in seconds of the world."""
    batches = emulator.audit()["batches"]
    return [(datetime.fromisoformat(b["acceptedAt"]) - START).total_seconds() for b in batches]


def patch(emulator: Emulator, body: Json) -> None:
    """Change the set's model."""
    assert emulator.arm("PATCH", scale_set_id(), body).status_code == 200


def test_never_healthy_is_rolled_back(serve: Serve) -> None:
    """After five minutes the previous version comes back: RollingBack meanwhile, counted in rollbackInfo (R10, R11, N26)."""
    emulator = serve(platform_world(imageBehaviours=[sick("7")], extras={"imageVersion": V1}))
    seen = set()
    for _ in range(120):
        emulator.advance(10)
        seen.add(code(emulator))

    entry = entries(emulator)[0]
    assert seen == {"RollingForward", "RollingBack", "Completed"}
    assert (entry["startedBy"], entry["rollbackInfo"]["successfullyRolledbackInstanceCount"]) == (
        "Platform",
        1,
    )
    assert emulator.audit()["rollbacks"] == {"7": 1}
    assert emulator.audit()["imageVersions"] == {V1: 1, V2: 14}
    assert entry["progress"]["failedInstanceCount"] == 1
    assert emulator.broken_rules() == []


def test_rollback_can_be_disabled(serve: Serve) -> None:
    """With disableAutomaticRollback the unhealthy instance keeps the new version (R11, C12)."""
    emulator = serve(platform_world(automatic(disableAutomaticRollback=True), imageBehaviours=[sick("7")]))

    emulator.advance(7200)

    assert (emulator.audit()["rollbacks"], emulator.audit()["imageVersions"]) == ({}, {V2: 15})
    assert set(entries(emulator)[0]["rollbackInfo"].values()) == {0}


def test_breach_is_told_in_azures_words(serve: Serve) -> None:
    """The breach of the upgraded names share, threshold and first failed instance, in latest and in the history (R12, N9)."""
    emulator = serve(platform_world(imageBehaviours=[sick("3")]))

    emulator.advance(7200)

    error = {
        "code": "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
        "message": "Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the"
        " RollingUpgradePolicy. 33% of instances are in an unhealthy state after being upgraded - more than the"
        " threshold of 20%. The most impactful error is: Instance found to be unhealthy or unreachable.. First failed"
        " instance ID is: 3.",
    }
    assert (latest(emulator)["error"], entries(emulator)[0]["error"]) == (error, error)
    assert code(emulator) == "Faulted"


def test_maintenance_stops_at_the_end_of_the_batch(serve: Serve) -> None:
    """More than 20 % out of service in mid-batch: that batch ends, none follows (R14, N9)."""
    emulator = serve(platform_world())
    emulator.advance(5)
    emulator.admin(
        "POST", "instances", {"id": scale_set_id(), "instances": ["2", "5", "8", "11"], "power": "stopped"}
    )

    emulator.advance(3600)

    assert latest(emulator)["error"]["code"] == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
    assert (
        "26% of instances are in an unhealthy state - more than the threshold of 20%."
        in latest(emulator)["error"]["message"]
    )
    assert emulator.audit()["imageVersions"] == {V1: 12, V2: 3}


def test_expired_credentials_leave_the_first_batch_failed(serve: Serve) -> None:
    """An extension that fails on any version leaves the first batch failed and nothing else touched (R36, R38, C11)."""
    broken = [
        {"version": v, "percent": 100, "extension": "App", "extensionResult": "failed"} for v in (V1, V2)
    ]
    extensions = (HEALTH_EXTENSION, extension("App"))
    set_ = scale_set(upgrade_policy=automatic(), extensions=extensions)
    emulator = serve(world(set_, platformUpgrades=True, imageBehaviours=broken))

    emulator.advance(7200)

    states = [emulator.instance(str(i))["properties"]["provisioningState"] for i in range(15)]
    entry = entries(emulator)[0]
    assert [i for i, state in enumerate(states) if state == "Failed"] == [0, 3, 6]
    assert (code(emulator), entry["rollbackInfo"]["failedRolledbackInstanceCount"]) == ("Faulted", 3)
    assert set(emulator.audit()["swaps"]) == {"0", "3", "6"}


def test_deploying_the_mended_model_recovers_the_failed(serve: Serve) -> None:
    """After new credentials in the model, bringing instances to it heals the failed ones, and the upgrade goes on (R37, N12)."""
    broken = [
        {"version": v, "percent": 100, "extension": "App", "extensionResult": "failed"} for v in (V1, V2)
    ]
    set_ = scale_set(upgrade_policy=automatic(), extensions=(HEALTH_EXTENSION, extension("App")))
    emulator = serve(world(set_, platformUpgrades=True, imageBehaviours=broken))
    emulator.advance(7200)
    document = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", {**document, "imageBehaviours": [], "platformUpgrades": False})

    mended = {
        **extension("App"),
        "properties": {**extension("App")["properties"], "settings": {"sas": "new"}},
    }
    profile = {"extensionProfile": {"extensions": [HEALTH_EXTENSION, mended]}}
    patch(emulator, {"properties": {"virtualMachineProfile": profile}})
    emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["*"]})
    emulator.advance(600)
    healed = [emulator.instance(i)["properties"]["provisioningState"] for i in ("0", "3", "6")]
    emulator.admin("POST", "reset", {**emulator.admin("GET", "world"), "platformUpgrades": True})
    emulator.advance(7200)

    assert healed == ["Succeeded"] * 3
    assert (code(emulator), emulator.audit()["imageVersions"]) == ("Completed", {V2: 15})


@pytest.mark.parametrize("stop", ["breach", "cancel"])
def test_an_empty_model_update_starts_it_again(serve: Serve, stop: str) -> None:
    """After a cancel or a breach nothing starts by itself; an empty update of the model starts a new upgrade (N12)."""
    emulator = serve(platform_world(imageBehaviours=[sick("3")] if stop == "breach" else []))
    if stop == "cancel":
        emulator.arm("POST", f"{scale_set_id()}/rollingUpgrades/cancel")
    emulator.advance(7200)
    stopped = code(emulator)
    emulator.admin("POST", "images", {**IMAGE, "version": V2, "behaviours": [{"health": "healthy"}]})
    emulator.advance(7200)
    still = code(emulator)

    patch(emulator, {})
    emulator.advance(7200)

    assert (stopped, still) == (("Faulted" if stop == "breach" else "Cancelled"),) * 2
    assert [entry["runningStatus"]["code"] for entry in entries(emulator)] == ["Completed", stopped]
    assert emulator.audit()["imageVersions"] == {V2: 15}


def test_a_newer_version_waits_for_the_end(serve: Serve) -> None:
    """A version published in mid-upgrade is a rollout of its own, after this one: one entry each (R2, C15)."""
    emulator = serve(platform_world())
    emulator.advance(60)
    emulator.admin("POST", "images", {**IMAGE, "version": V3})

    emulator.advance(7200)

    found = [
        (e["targetImageReference"]["exactVersion"], e["runningStatus"]["code"]) for e in entries(emulator)
    ]
    assert found == [(V3, "Completed"), (V2, "Completed")]
    assert emulator.audit()["swaps"] == {str(i): 2 for i in range(15)}


def test_opting_out_stops_after_the_batch(serve: Serve) -> None:
    """The flag taken away in mid-upgrade: the batch ends, Cancelled, and later versions start nothing (R4, O3)."""
    emulator = serve(platform_world())
    emulator.advance(5)
    off = {"properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False}}}}
    patch(emulator, off)
    emulator.advance(600)
    emulator.admin("POST", "images", {**IMAGE, "version": V3})

    emulator.advance(7200)

    assert (code(emulator), emulator.audit()["imageVersions"]) == ("Cancelled", {V1: 12, V2: 3})


def test_pause_between_batches(serve: Serve) -> None:
    """PauseTimeBetweenBatches of the set's own policy lies between the end of a batch and the next (N11, C7)."""
    steady = serve(platform_world())
    paused = serve(platform_world(automatic({"pauseTimeBetweenBatches": "PT2M"})))
    for emulator in (steady, paused):
        emulator.advance(7200)

    gaps = [b - a for a, b in zip(began(paused), began(paused)[1:], strict=False)]
    shown = latest(paused)["policy"]["pauseTimeBetweenBatches"]
    assert (gaps, shown) == ([160.0] * 5, "PT2M")
    assert [b - a for a, b in zip(began(steady), began(steady)[1:], strict=False)] == [40.0] * 5


def test_own_policy_holds_only_when_it_is_asked_for(serve: Serve) -> None:
    """Without useRollingUpgradePolicy the default 20/20/20 holds, whatever mode and policy say (C7, N10)."""
    policy = automatic({"maxBatchInstancePercent": 100}, useRollingUpgradePolicy=False)
    default = serve(platform_world({**policy, "mode": "Rolling"}))
    own = serve(platform_world({**automatic({"maxBatchInstancePercent": 40}), "mode": "Automatic"}))

    sizes = [e.audit()["maxInFlight"] for e in (default, own) if e.advance(3600) is None]

    assert sizes == [3, 5]
    assert latest(default)["policy"]["maxBatchInstancePercent"] == 20


def test_cross_zone_and_unhealthy_first(serve: Serve) -> None:
    """EnableCrossZoneUpgrade ignores zones, prioritizeUnhealthyInstances begins with the unhealthy (N13, N14, C8)."""
    across = serve(platform_world(automatic({"enableCrossZoneUpgrade": True})))
    sick_first = serve(
        platform_world(
            automatic({"prioritizeUnhealthyInstances": True}), extras={"unhealthyInstances": ["4", "8"]}
        )
    )
    for emulator in (across, sick_first):
        emulator.advance(7200)

    assert across.audit()["batches"][0]["instances"] == ["0", "1", "2"]
    assert across.audit()["maxZonesInFlight"] == 3
    assert "4" in sick_first.audit()["batches"][0]["instances"]
    assert "8" in sick_first.audit()["batches"][1]["instances"]


def test_budget_that_does_not_come_back(serve: Serve) -> None:
    """When nothing fits for five minutes the upgrade stops with the code of the whole set (R8, N9)."""
    shield = {"protectionPolicy": {"protectFromScaleSetActions": True}, "health": "unhealthy"}
    ill = {"unhealthyInstances": ["0", "3", "6"], "instances": dict.fromkeys(("0", "3", "6"), shield)}
    emulator = serve(platform_world(extras=ill))

    emulator.advance(299)
    before = code(emulator)
    emulator.advance(1)

    assert (before, code(emulator)) == ("RollingForward", "Faulted")
    assert latest(emulator)["error"]["code"] == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"


DELAYS: dict[str, Any] = {"publicationDelay": [1800, 3600], "enablementDelay": [0, 10800]}


@pytest.mark.parametrize("seed", range(5))
def test_windows_of_the_first_and_of_later_rollouts(serve: Serve, seed: int) -> None:
    """The first rollout begins within 3 h of the enabling, a later one 30 to 60 min after its publication (R1, R29, C16, N6)."""
    document = platform_world(timings={**STEADY, **DELAYS})
    emulator = serve(document, seed=seed)
    emulator.advance(6 * 3600)
    first = began(emulator)[0]
    emulator.admin("POST", "images", {**IMAGE, "version": V3})
    emulator.advance(1799)
    early = len(began(emulator))
    emulator.advance(7200)

    later = began(emulator)[early] - 6 * 3600
    assert 0 <= first <= 10800
    assert (early, 1800 <= later <= 3600) == (6, True)
    assert emulator.audit()["imageVersions"] == {V3: 15}


def test_enabling_by_patch_starts_the_clock(serve: Serve) -> None:
    """The delay after the enabling counts from the PATCH; the set's other policy fields stay (R29, R30)."""
    timings = {**STEADY, "enablementDelay": 600}
    own = {"mode": "Manual", "rollingUpgradePolicy": {"pauseTimeBetweenBatches": "PT5S"}}
    emulator = serve(world(scale_set(upgrade_policy=own), platformUpgrades=True, timings=timings))
    emulator.advance(3600)
    on = {"properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}}}
    patch(emulator, on)

    written = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", written)
    emulator.advance(3600)

    assert began(emulator)[0] == 4200
    policy = emulator.arm("GET", scale_set_id()).json()["properties"]["upgradePolicy"]
    assert policy["rollingUpgradePolicy"] == {"pauseTimeBetweenBatches": "PT5S"}


@pytest.mark.parametrize(("n", "batches"), [(1, 1), (5, 5), (9, 9), (10, 5), (20, 5)])
def test_any_size(serve: Serve, n: int, batches: int) -> None:
    """Sets of any size are completed, in batches of a fifth and at least one (R3, R9, R13)."""
    set_ = scale_set(capacity=n, zones=(), upgrade_policy=automatic(), updateDomains=1)
    emulator = serve(world(set_, platformUpgrades=True))

    emulator.advance(3600)

    assert (code(emulator), len(emulator.audit()["batches"])) == ("Completed", batches)
    assert latest(emulator)["progress"]["successfulInstanceCount"] == n
    assert emulator.broken_rules() == []


def test_the_clock_of_a_gallery_version_starts_with_its_replication(serve: Serve) -> None:
    """A gallery's version is due so long after the region has it, not after its publication elsewhere (R26, R29, R50, C16)."""
    followed = gallery_set(upgrade_policy=automatic())
    document = gallery_world(version("1.0.0"), version("1.1.0", replicated=[]), sets=(followed,))
    document = {**document, "platformUpgrades": True, "timings": {**STEADY, "publicationDelay": 1800}}
    emulator = serve(document)
    emulator.advance(3600)
    replicated = {
        "gallery": "g",
        "image": "web",
        "version": "1.1.0",
        "region": "westeurope",
        "state": "Completed",
    }
    emulator.admin("POST", "images/replicate", replicated)
    emulator.advance(60)
    emulator.admin("POST", "reset", emulator.admin("GET", "world"))

    emulator.advance(7200)

    assert began(emulator)[0] == 5400
