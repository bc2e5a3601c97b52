"""From Batch's bodies to the domain's values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from batch_bodies import ACCOUNT_ID, BEHIND, DEFERRED, OLD, POOL_ID, account, node, pool, task

from fleetwright.azure.batch.known_nodes import KnownNodes
from fleetwright.azure.batch.node_parsing import UNNAMED_TASK, parse_node
from fleetwright.azure.batch.pool_parsing import Surface, parse_account, parse_pool
from fleetwright.azure.batch.upgrade_ways import parse_way, way_for
from fleetwright.domain.batch_pools import AllocationMode, NodeUpgradeWay
from fleetwright.domain.drains import RunningTask
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.health import is_ready, why_not_ready
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.model import WindowsSettings

SURFACE = Surface(NodeUpgradeWay.DATA_PLANE, "2024-07-01")


def fleet_of(body: dict[str, Any], of: dict[str, Any] | None = None) -> Fleet:
    """A pool, read."""
    return parse_pool(parse_fleet_id(POOL_ID), body, parse_account(of or account()), SURFACE)


def instance_of(body: dict[str, Any]) -> Instance:
    """A node, read."""
    return parse_node(body).instance


def test_a_pool_is_read_as_a_fleet() -> None:
    """R54, R61: region and endpoint are the account's; image, size and policy the pool's; health is the node's own."""
    fleet = fleet_of(
        pool(), account("UserSubscription", accountEndpoint="renders.westeurope.batch.azure.com")
    )

    assert (fleet.location, fleet.capacity, fleet.vm_size) == ("westeurope", 6, "STANDARD_D2S_V3")
    assert fleet.image.sku == "18.04-LTS"
    assert fleet.health_source is HealthSource.NODE
    assert fleet.waits_for_work
    assert fleet.pool is not None
    assert (fleet.pool.account, fleet.pool.endpoint) == ("renders", "renders.westeurope.batch.azure.com")
    assert fleet.pool.allocation_mode is AllocationMode.USER_SUBSCRIPTION
    assert (fleet.pool.is_zonal, fleet.pool.has_virtual_machines) == (False, True)


def test_an_image_without_a_version_is_the_latest() -> None:
    """R15: Batch takes a marketplace image that names no version for its latest, so such a pool follows it."""
    image = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}

    assert fleet_of(pool(machine={"imageReference": image})).image.follows_latest


@pytest.mark.parametrize("mode", ["automatic", "Automatic", "AUTOMATIC"])
def test_the_mode_is_read_in_any_case_and_decides_nothing(mode: str) -> None:
    """C5, R58: both spellings of the mode are one, and automatic upgrades do not hang on it."""
    policy = fleet_of(pool(upgradePolicy={**DEFERRED, "mode": mode})).policy

    assert policy.mode == "automatic"
    assert policy.enable_automatic_os_upgrade


def test_a_pool_that_shows_no_policy_says_so() -> None:
    """R57, R60: an api-version or an account that does not know upgradePolicy leaves a fact for the rule."""
    body = pool()
    del body["properties"]["upgradePolicy"]

    fleet = fleet_of(body)

    assert fleet.pool is not None
    assert not fleet.pool.shows_upgrade_policy
    assert fleet.policy.mode == "manual"


def test_a_policy_that_cannot_be_read_names_the_pool() -> None:
    """R61: one line with the pool's id and the value."""
    broken = pool(upgradePolicy={"rollingUpgradePolicy": {"maxBatchInstancePercent": 120}})

    with pytest.raises(ConfigurationError, match=r"pools/frames: maxBatchInstancePercent is 120"):
        fleet_of(broken)


@pytest.mark.parametrize(
    ("properties", "capacity", "low"),
    [
        ({"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 4, "targetLowPriorityNodes": 3}}}, 7, 3),
        ({"scaleSettings": {"autoScale": {"formula": "x"}}, "currentDedicatedNodes": 2}, 2, 0),
        ({"scaleSettings": {"autoScale": {"formula": "x"}}, "currentLowPriorityNodes": 5}, 5, 5),
    ],
)
def test_every_node_is_counted(properties: dict[str, Any], capacity: int, low: int) -> None:
    """R54: dedicated, low-priority and spot nodes all carry the image; a formula's pool has what it has now."""
    fleet = fleet_of(pool(**properties))

    assert fleet.pool is not None
    assert (fleet.capacity, fleet.pool.low_priority_nodes) == (capacity, low)


def test_a_pool_of_cloud_services_has_no_virtual_machines() -> None:
    """R54: it is read, and the rule about it has its fact."""
    fleet = fleet_of(pool(deploymentConfiguration={"cloudServiceConfiguration": {"osFamily": "6"}}))

    assert fleet.pool is not None
    assert not fleet.pool.has_virtual_machines


@pytest.mark.parametrize(
    ("machine", "windows"),
    [
        ({}, None),
        ({"nodeAgentSkuId": "batch.node.windows amd64"}, WindowsSettings(None)),
        ({"nodeAgentSkuId": "", "nodeAgentSKUId": "batch.node.windows amd64"}, WindowsSettings(None)),
        (
            {"windowsConfiguration": {"enableAutomaticUpdates": False}},
            WindowsSettings(enable_automatic_updates=False),
        ),
    ],
)
def test_windows_is_known_by_its_settings_or_its_agent(
    machine: dict[str, Any], windows: WindowsSettings | None
) -> None:
    """R19, C5: both spellings of the agent's name are read."""
    assert fleet_of(pool(machine=machine)).windows == windows


def test_tags_metadata_and_resource_tags_are_one() -> None:
    """R4: whatever people hang on a pool is read as tags; what stands nearest to the pool wins."""
    body = pool(
        metadata=[{"name": "fleetwright", "value": "enabled"}, {"name": "team", "value": "films"}],
        resourceTags={"team": "all", "cost": "7"},
    ) | {"tags": {"team": "frames"}}

    fleet = fleet_of(body)

    assert fleet.tags == {"fleetwright": "enabled", "team": "frames", "cost": "7"}
    assert fleet.is_tagged


@pytest.mark.parametrize(
    ("state", "scheduling", "ready", "settled", "told"),
    [
        ("idle", "enabled", True, True, ""),
        ("running", "enabled", True, True, ""),
        ("Idle", "disabled", True, True, ""),
        ("offline", "disabled", True, True, ""),
        ("offline", "enabled", False, True, "node state is offline"),
        ("creating", "enabled", False, False, "node state is creating"),
        ("starting", "enabled", False, False, "node state is starting"),
        ("waitingforstarttask", "enabled", False, False, "node state is waitingforstarttask"),
        ("rebooting", "enabled", False, False, "node state is rebooting"),
        ("reimaging", "enabled", False, False, "node state is reimaging"),
        ("upgradingos", "enabled", False, False, "node state is upgradingos"),
        ("leavingpool", "enabled", False, False, "node state is leavingpool"),
        ("unusable", "enabled", False, True, "node state is unusable"),
        ("unknown", "enabled", False, True, "node state is unknown"),
        ("preempted", "enabled", False, True, "node state is preempted"),
        ("deallocated", "enabled", False, True, "node state is deallocated"),
        ("deallocating", "enabled", False, True, "node state is deallocating"),
        ("", "enabled", False, True, "node state is not shown"),
    ],
)
def test_each_state_of_a_node(state: str, scheduling: str, ready: bool, settled: bool, told: str) -> None:
    """R54, R56, C4: idle and running are ready, what Batch is at work on is waited for, anything else is not ready."""
    instance = instance_of(node(state=state, schedulingState=scheduling))

    assert is_ready(instance, HealthSource.NODE) is ready
    assert instance.is_settled is settled
    assert why_not_ready(instance, HealthSource.NODE) == told
    assert instance.takes_work is (scheduling == "enabled")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "starttaskfailed"),
        ({"startTaskInfo": {"exitCode": 3}}, "starttaskfailed (exit code 3)"),
        (
            {
                "startTaskInfo": {
                    "exitCode": 1,
                    "failureInfo": {"code": "FailureExitCode", "message": "The task\nexited"},
                }
            },
            "starttaskfailed (exit code 1; FailureExitCode: The task)",
        ),
        ({"errors": [{"code": "DiskFull", "message": "no space"}]}, "starttaskfailed (DiskFull: no space)"),
    ],
)
def test_a_failed_start_task_says_why(more: dict[str, Any], told: str) -> None:
    """R11: whoever reads the verdict reads exit code and reason with it."""
    assert instance_of(node(state="starttaskfailed", **more)).shown_state == told


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ({"version": "latest", "exactVersion": OLD}, OLD),
        ({"version": OLD}, OLD),
        ({"version": "latest"}, ""),
        ({"virtualMachineImageId": "/subscriptions/s/g/galleries/x/images/y/versions/1.2.3"}, "1.2.3"),
        (
            {"virtualMachineImageId": "/subscriptions/s/g/galleries/x/images/y", "exactVersion": "1.2.4"},
            "1.2.4",
        ),
    ],
)
def test_the_version_is_the_exact_one(image: dict[str, str], version: str) -> None:
    """O5: read back from the node; what is not exact is not known."""
    assert instance_of(node(virtualMachineInfo={"imageReference": image})).version == version


def test_the_last_boot_stands_for_the_disk() -> None:
    """R5: Batch shows no disk; a node that booted anew has another one, one that never booted none."""
    before, after = instance_of(node()), instance_of(node(lastBootTime="2024-06-01T01:00:00Z"))
    never = instance_of(node(lastBootTime=None))

    assert len({before.os_disk_id, after.os_disk_id, instance_of(node("tvm-2")).os_disk_id}) == 3
    assert never.os_disk_id == ""


def test_running_tasks_are_named_oldest_first_and_all_are_counted() -> None:
    """R55: what is over does not count, and what Batch only counts keeps the node busy as well."""
    recent = [
        task("render", "2", since="2024-06-01T00:07:00Z"),
        task("render", "0", "completed"),
        task("render", "1"),
        task("render", "3", since=""),
    ]

    instance = instance_of(node(state="running", runningTasksCount=4, recentTasks=recent))

    assert instance.running_tasks == (
        RunningTask("render/1", datetime(2024, 6, 1, 0, 5, tzinfo=UTC)),
        RunningTask("render/2", datetime(2024, 6, 1, 0, 7, tzinfo=UTC)),
        RunningTask("render/3"),
        RunningTask(UNNAMED_TASK),
    )


def test_a_running_node_is_never_idle() -> None:
    """R55: the state alone says that there is work, whatever is missing beside it."""
    body = node(state="running")
    del body["runningTasksCount"]

    assert not instance_of(body).is_idle
    assert instance_of(node()).is_idle


def test_the_machine_behind_is_kept() -> None:
    """R54: accounts in user subscription mode name the scale set instance, others do not."""
    behind = {"scaleSetVmResourceId": f"{BEHIND}/virtualMachines/1"}

    assert parse_node(node(virtualMachineInfo=behind)).machine_id == f"{BEHIND}/virtualMachines/1"
    assert parse_node(node()).machine_id == ""


def test_a_node_that_has_not_changed_is_not_taken_apart_again() -> None:
    """R54: the same body is the same value, one other field is another one; nodes of one id in two pools do not mix."""
    known = KnownNodes()
    first = known.parse(node())

    assert known.parse(node()) is first
    assert known.parse(node(state="running")).instance.running_tasks
    assert known.parse(node(url="https://elsewhere")) is not first
    assert known.parse(node("tvm-2")).instance.instance_id == "tvm-2"


@pytest.mark.parametrize(
    ("url", "mode", "setting", "way"),
    [
        ("https://management.azure.com", AllocationMode.BATCH_SERVICE, "", NodeUpgradeWay.NONE),
        ("https://management.azure.com", AllocationMode.USER_SUBSCRIPTION, "auto", NodeUpgradeWay.SCALE_SET),
        (
            "https://management.chinacloudapi.cn",
            AllocationMode.USER_SUBSCRIPTION,
            "",
            NodeUpgradeWay.SCALE_SET,
        ),
        ("http://127.0.0.1:8100", AllocationMode.BATCH_SERVICE, "", NodeUpgradeWay.DATA_PLANE),
        ("http://127.0.0.1:8100", AllocationMode.USER_SUBSCRIPTION, "", NodeUpgradeWay.DATA_PLANE),
        ("http://127.0.0.1:8100", AllocationMode.USER_SUBSCRIPTION, "Scale_Set", NodeUpgradeWay.SCALE_SET),
        (
            "https://management.azure.com",
            AllocationMode.BATCH_SERVICE,
            "data-plane",
            NodeUpgradeWay.DATA_PLANE,
        ),
    ],
)
def test_the_way_follows_from_endpoint_and_account(
    url: str, mode: AllocationMode, setting: str, way: NodeUpgradeWay
) -> None:
    """R54: Azure's own endpoints offer the scale set or nothing, others the data plane; a setting overrides both."""
    assert way_for(url, mode, parse_way(setting)) is way


def test_a_way_that_is_none_is_refused() -> None:
    """R54: one line with the value and what would be right."""
    with pytest.raises(ConfigurationError, match=r"'reboot'; it must be one of auto, data-plane, scale-set"):
        parse_way("reboot")


def test_an_account_without_a_mode_is_batchs_own() -> None:
    """R59: only an account that says so allocates in its user's subscription."""
    assert parse_account({"id": ACCOUNT_ID}).allocation_mode is AllocationMode.BATCH_SERVICE
