"""Rollouts beside what Azure does with a set by itself: its deferred upgrade, its automatic repairs."""

from __future__ import annotations

from scenarios import Scenario
from worlds import deferral_world, repaired_world, rolling_policy, sick

FLAG_OFF = {
    "properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False}}}
}

AZURES_OWN = {
    "deferral_nothing_waits": Scenario(
        "deferral, and Azure has begun no upgrade: the disks are replaced by reimage (O1)",
        deferral_world(5, platform=False),
    ),
    "deferral_opted_out": Scenario(
        "the flag is taken away during the second batch of a set with deferral: no third one is approved (O3)",
        deferral_world(),
        ((45, lambda admin: admin.patch(FLAG_OFF)),),
        outside=("45 s: enableAutomaticOSUpgrade is set to false",),
    ),
    "automatic_repairs": Scenario(
        "automatic repairs are suspended while an unhealthy instance waits for the end, and resumed then (O8)",
        repaired_world(
            n=5,
            zones=0,
            policy=rolling_policy(maxUnhealthyUpgradedInstancePercent=100, pauseTimeBetweenBatches="PT15M"),
            behaviours=[sick("1", health="unhealthy")],
        ),
        arguments=("--trigger", "manual"),
    ),
}
