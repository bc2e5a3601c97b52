"""Upgrades by the platform itself, in worlds that ask for them."""

from __future__ import annotations

from typing import Any

import pytest
from emulated_worlds import V1, V2, V3, Emulator, Json, Serve, scale_set, scale_set_id, world

AUTOMATIC = {"mode": "Manual", "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}


def platform_world(*scale_sets: Json, **sections: object) -> Json:
    """A world whose platform upgrades sets by itself."""
    return world(*(scale_sets or (scale_set(upgrade_policy=AUTOMATIC),)), platformUpgrades=True, **sections)


def latest(emulator: Emulator) -> Json:
    """``properties`` of ``rollingUpgrades/latest``."""
    return emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").json()["properties"]


def counts(emulator: Emulator) -> tuple[int, ...]:
    """Successful, failed, in progress, pending."""
    progress = latest(emulator)["progress"]
    parts = ("successful", "failed", "inProgress", "pending")
    return tuple(progress[f"{part}InstanceCount"] for part in parts)


def test_platform_upgrades_a_set_batch_by_batch(serve: Serve) -> None:
    """With the flag true the set goes to the newest version with no call at all, and breaks no rule (R1, R7, R48, R49)."""
    emulator = serve(platform_world(scale_set(upgrade_policy=AUTOMATIC, dataDisksPerInstance=1)))
    first = (latest(emulator)["runningStatus"]["code"], counts(emulator))
    emulator.advance(45)
    second = counts(emulator)
    emulator.advance(3600)

    report = emulator.audit()

    assert (first, second) == (("RollingForward", (0, 0, 3, 12)), (3, 0, 2, 10))
    assert latest(emulator)["runningStatus"]["code"] == "Completed"
    assert counts(emulator) == (15, 0, 0, 0)
    assert [len(batch["instances"]) for batch in report["batches"]] == [3, 2, 3, 2, 3, 2]
    assert (report["imageVersions"], report["overheadSeconds"]) == ({V2: 15}, 0.0)
    assert emulator.broken_rules() == []


def test_official_client_sees_the_platforms_upgrade(serve: Serve) -> None:
    """RollingUpgrades/latest is RollingForward while the platform is at work (O4)."""
    emulator = serve(platform_world())

    status = emulator.compute().virtual_machine_scale_set_rolling_upgrades.get_latest("rg", "web")

    assert status.properties is not None
    assert status.properties.running_status.code == "RollingForward"
    assert status.properties.policy.max_batch_instance_percent == 20


DEFERRED = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True, "osRollingUpgradeDeferral": True}}


@pytest.mark.parametrize(
    ("policy", "platform"), [({"mode": "Manual"}, True), (DEFERRED, False), (AUTOMATIC, False)]
)
def test_platform_leaves_other_sets_alone(serve: Serve, policy: dict[str, Any], platform: bool) -> None:
    """Nothing moves without the flag (R4), or in a world whose platform does not upgrade."""
    emulator = serve(world(scale_set(upgrade_policy=policy), platformUpgrades=platform))

    emulator.advance(7200)

    assert emulator.audit()["swaps"] == {}
    assert emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").status_code == 404


def test_platform_waits_for_the_publication(serve: Serve) -> None:
    """Each publication is rolled out from its own instant on, be it the world's or one from outside (R2, C15)."""
    image = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
    versions = [{"name": V1}, {"name": V2, "publishedAt": "2024-06-01T01:00:00Z"}]
    emulator = serve(platform_world(platformImages=[{**image, "versions": versions}]))

    emulator.advance(7200)
    emulator.admin("POST", "images", {**image, "version": V3})
    emulator.advance(7200)

    report = emulator.audit()
    starts = [report["batches"][position]["acceptedAt"] for position in (0, 6)]
    assert starts == ["2024-06-01T01:00:00Z", "2024-06-01T02:00:00Z"]
    assert report["imageVersions"] == {V3: 15}


def test_platform_stops_at_the_thresholds(serve: Serve) -> None:
    """More than 20 % of the upgraded unhealthy after five minutes is Faulted with Azure's code (R10, R12, C20)."""
    emulator = serve(platform_world(imageBehaviours=[{"version": V2, "instances": ["3"], "health": "never"}]))

    emulator.advance(334)
    still = latest(emulator)["runningStatus"]["code"]
    emulator.advance(7200)

    found = latest(emulator)
    assert (still, found["runningStatus"]["code"]) == ("RollingForward", "Faulted")
    assert found["error"]["code"] == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert counts(emulator) == (2, 1, 0, 12)


def test_platform_does_not_begin_among_unhealthy_instances(serve: Serve) -> None:
    """More than 20 % of the set unhealthy: nothing is touched (R8); exactly 20 % is upgraded, unhealthy ones included."""
    four = scale_set(upgrade_policy=AUTOMATIC, unhealthyInstances=["1", "4", "7", "10"])
    three = scale_set(upgrade_policy=AUTOMATIC, unhealthyInstances=["1", "4", "7"])

    stopped, done = serve(platform_world(four)), serve(platform_world(three))
    done.advance(7200)

    assert latest(stopped)["error"]["code"] == "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
    assert stopped.audit()["swaps"] == {}
    assert (done.audit()["imageVersions"], done.broken_rules()) == ({V2: 15}, [])


def test_platform_goes_on_after_a_reload(serve: Serve) -> None:
    """A world that is written in the middle of the platform's upgrade goes on with it."""
    emulator = serve(platform_world())
    emulator.advance(50)
    written = emulator.admin("GET", "world")

    emulator.admin("POST", "reset", written)

    assert emulator.admin("GET", "world") == written
    emulator.advance(3600)
    assert emulator.audit()["imageVersions"] == {V2: 15}
    assert emulator.admin("GET", "world")["platformUpgrades"] is True


def test_platform_keeps_out_of_somebody_elses_upgrade(serve: Serve) -> None:
    """While somebody else is rolling forward the platform waits."""
    rolling = {"code": "RollingForward"}
    emulator = serve(platform_world(scale_set(upgrade_policy=AUTOMATIC, rollingUpgrade=rolling)))
    emulator.advance(3600)
    meanwhile = emulator.audit()["swaps"]

    emulator.admin("POST", "rollingUpgrades", {"id": scale_set_id(), "rollingUpgrade": {"code": "Completed"}})
    emulator.advance(3600)

    assert (meanwhile, len(emulator.audit()["swaps"])) == ({}, 15)
