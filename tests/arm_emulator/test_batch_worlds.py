"""Batch accounts of world documents: what is refused and where, and what is loaded all the same."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from emulated_pools import account_id, batch_account, batch_pool, batch_world, pool_id, user_account
from emulated_worlds import SUBSCRIPTION

from arm_emulator.world.errors import WorldError
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from emulated_worlds import Json, Serve

ACCOUNT = "batchAccounts/0"
POOL = f"{ACCOUNT}/pools/0"
PROPERTIES = f"{POOL}/resource/properties"
POLICY = f"{PROPERTIES}/upgradePolicy"
MACHINES = f"{PROPERTIES}/deploymentConfiguration/virtualMachineConfiguration"


def _changed(path: str, value: object) -> Json:
    """The usual world with one value changed; ``path`` is parted by slashes, numbers are positions."""
    document = copy.deepcopy(batch_world())
    *parents, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
    place = document
    for part in parents:
        place = place[part]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("batchAccounts", {}, "batchAccounts: {} is no list"),
        (f"{ACCOUNT}/nodes", 1, "batchAccounts[0].nodes: unknown key"),
        (f"{ACCOUNT}/resource/id", None, "batchAccounts[0].resource.id: is missing"),
        (
            f"{ACCOUNT}/resource/id",
            "/work",
            "batchAccounts[0].resource.id: '/work' is no Batch account's id; one looks like /subscriptions/",
        ),
        (f"{ACCOUNT}/resource/location", None, "batchAccounts[0].resource.location: is missing"),
        (
            f"{ACCOUNT}/resource/location",
            "atlantis",
            "batchAccounts[0].resource.location: 'atlantis' is none of the world's locations",
        ),
        (f"{ACCOUNT}/resource/properties", [], "batchAccounts[0].resource.properties: [] is no object"),
        (
            f"{ACCOUNT}/resource/properties/poolAllocationMode",
            "Ours",
            "properties.poolAllocationMode: 'Ours' is not one of BatchService, UserSubscription",
        ),
        (
            "batchAccounts",
            [batch_account(), batch_account(name="WORK")],
            f"batchAccounts[1]: '{account_id('WORK')}' stands there twice",
        ),
        (
            f"{ACCOUNT}/pools",
            [batch_pool("p1"), batch_pool("P1")],
            "batchAccounts[0].pools[1]: 'P1' stands there twice",
        ),
        (
            f"{POOL}/resource/id",
            pool_id("p1", "other"),
            f"batchAccounts[0].pools[0].resource.id: '{pool_id('p1', 'other')}' is not the id of pool 'p1' of this",
        ),
        (f"{POOL}/resource", {}, "batchAccounts[0].pools[0].resource.name: is missing"),
        (f"{POOL}/resource/name", "p 1", "batchAccounts[0].pools[0].resource.name: 'p 1' is no pool's name"),
        (PROPERTIES, None, "batchAccounts[0].pools[0].resource.properties: None is no object"),
        (
            f"{POLICY}/mode",
            "Sometimes",
            "upgradePolicy.mode: 'Sometimes' is not one of automatic, manual, rol",
        ),
        (POLICY, [1], "resource.properties.upgradePolicy: [1] is no object"),
        (
            f"{POLICY}/rollingUpgradePolicy",
            {"maxBatchInstancePercent": 2},
            "upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent: 2 is not a whole number from 5 to 100",
        ),
        (
            f"{POLICY}/rollingUpgradePolicy",
            {"pauseTimeBetweenBatches": "soon"},
            "rollingUpgradePolicy.pauseTimeBetweenBatches: 'soon' is no ISO 8601 duration",
        ),
        (f"{POLICY}/rollingUpgradePolicy", {"maxSurge": True}, "maxSurge: is no property of a Batch pool's"),
        (f"{MACHINES}/imageReference/version", 18.04, "imageReference.version: 18.04 is no text"),
        (
            f"{MACHINES}/nodePlacementConfiguration",
            {"policy": "Worldwide"},
            "nodePlacementConfiguration.policy: 'Worldwide' is not one of Regional, Zonal",
        ),
        (
            f"{PROPERTIES}/scaleSettings/fixedScale/targetDedicatedNodes",
            "10",
            "scaleSettings.fixedScale.targetDedicatedNodes: '10' is not a whole number from 0",
        ),
        (f"{PROPERTIES}/creationTime", "once", "properties.creationTime: 'once' is no ISO 8601 instant"),
        (
            f"{POOL}/x-emulator/running",
            {"tvm-10": 5},
            "x-emulator.running: 'tvm-10' is none of the pool's 10",
        ),
        (
            f"{POOL}/x-emulator/running",
            {"tvm-1": -2},
            "running.tvm-1: -2.0 is no number of seconds up to 1000000000; -1 is",
        ),
        (
            f"{POOL}/x-emulator/unhealthyNodes",
            ["12"],
            "batchAccounts[0].pools[0].x-emulator.unhealthyNodes: '12' is none of the pool's 10 nodes",
        ),
        (
            f"{POOL}/x-emulator/nodeStates",
            {"tvm-99": {}},
            "nodeStates: 'tvm-99' is none of the pool's 10 nodes",
        ),
        (
            f"{POOL}/x-emulator/machines",
            {"instanceIds": ["0"]},
            "x-emulator.machines.instanceIds: must be 10 different numbers",
        ),
        (f"{POOL}/x-emulator/nodes", -1, "x-emulator.nodes: -1: input should be greater than or equal to 0"),
    ],
)
def test_wrong_account_is_refused_with_the_path(path: str, value: object, said: str) -> None:
    """A Batch account or pool of a world that cannot be is refused with the path of what is wrong, and why."""
    with pytest.raises(WorldError) as refused:
        validated(_changed(path, value))

    assert said in str(refused.value)


def test_work_of_nodes_may_be_written_in_each_way() -> None:
    """Nodes are named by id or number, and have seconds of work, none, or work that never ends."""
    document = _changed(f"{POOL}/x-emulator/running", {"tvm-0": 5, "1": 0, "TVM-9": -1})

    (account,) = validated(document).batchAccounts

    assert set(account.pools[0].x_emulator.running) == {"tvm-0", "1", "TVM-9"}


def test_what_only_calls_are_refused_for_is_loaded(serve: Serve) -> None:
    """Pools that break cross-field rules, that nobody activated, or of cloud services are loaded for rollouts to meet
    (N28, N29, R59, R60).
    """
    rolling = {
        "maxBatchInstancePercent": 50,
        "maxUnhealthyInstancePercent": 20,
        "enableCrossZoneUpgrade": True,
    }
    clouds = batch_pool("clouds", automatic=False)
    clouds["resource"]["properties"]["deploymentConfiguration"] = {
        "cloudServiceConfiguration": {"osFamily": "6"}
    }
    account = user_account(batch_pool(rolling=rolling), clouds)
    never = {**batch_account(batch_pool(account="never"), name="never"), "x-emulator": {"activated": False}}
    emulator = serve(batch_world(account, never, subscriptions=[{"id": SUBSCRIPTION}]))

    shown, old = emulator.batch().pool.list_by_batch_account("rg", "work")
    (hidden,) = emulator.batch().pool.list_by_batch_account("rg", "never")

    assert shown.upgrade_policy.rolling_upgrade_policy.max_batch_instance_percent == 50
    assert shown.upgrade_policy.automatic_os_upgrade_policy.os_rolling_upgrade_deferral is True
    assert old.deployment_configuration.virtual_machine_configuration is None
    assert hidden.upgrade_policy is None
    assert [p.current_dedicated_nodes for p in (shown, old, hidden)] == [10, 10, 10]
