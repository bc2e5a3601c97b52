"""Batch by its official clients, unmodified: azure-mgmt-batch for accounts and pools, azure-batch for nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import BatchClient
from azure.batch import models as data_models
from azure.batch.models import _models as data_options
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient, models
from batch_clients import data_plane
from pool_worlds import (
    ACCOUNT,
    FOR_EVER,
    POOL_ID,
    USER_SUBSCRIPTION,
    accounts_world,
    batch_account,
    batch_pool,
    pool_policy,
    pool_world,
    working,
)
from worlds import IMAGE, NEW, OLD

if TYPE_CHECKING:
    from emulated_worlds import Emulator, Serve

GROUP, POOL = "shop", "frames"
OLDER, NEWER = "2023-05-01.17.0", "2024-02-01.19.0"


def _pool(**policy: Any) -> models.Pool:  # noqa: ANN401 - whatever a pool's model takes
    machine = models.VirtualMachineConfiguration(
        image_reference=models.ImageReference(**IMAGE, version="latest"),
        node_agent_sku_id="batch.node.ubuntu 18.04",
        node_placement_configuration=models.NodePlacementConfiguration(policy="Zonal"),
    )
    return models.Pool(
        properties=models.PoolProperties(
            vm_size="Standard_D2s_v3",
            deployment_configuration=models.DeploymentConfiguration(virtual_machine_configuration=machine),
            scale_settings=models.ScaleSettings(
                fixed_scale=models.FixedScaleSettings(target_dedicated_nodes=6)
            ),
            upgrade_policy=models.UpgradePolicy(mode="automatic", **policy),
        )
    )


def _deferring() -> models.AutomaticOSUpgradePolicy:
    return models.AutomaticOSUpgradePolicy(
        enable_automatic_os_upgrade=True,
        os_rolling_upgrade_deferral=True,
        use_rolling_upgrade_policy=True,
        disable_automatic_rollback=True,
    )


def test_accounts_are_found(serve: Serve) -> None:
    """The management client finds an account alone and in both lists, with its endpoint, mode and keys of its own."""
    emulator = serve(pool_world(3, mode=USER_SUBSCRIPTION))
    client = emulator.batch()

    account = client.batch_account.get(GROUP, ACCOUNT)

    assert account.name == ACCOUNT
    assert account.properties.pool_allocation_mode == "UserSubscription"
    assert account.properties.account_endpoint == f"{emulator.url}/_batch/{ACCOUNT}"
    assert [found.id for found in client.batch_account.list()] == [account.id]
    assert [found.id for found in client.batch_account.list_by_resource_group(GROUP)] == [account.id]
    with pytest.raises(ResourceNotFoundError) as refused:
        client.batch_account.get(GROUP, "nobodys")
    assert refused.value.error is not None
    assert refused.value.error.code == "ResourceNotFound"


def test_a_pool_is_created_changed_and_deleted(serve: Serve) -> None:
    """R61, R30, C5: a pool written by the official models comes back with every field of its upgrade policy, and PATCH changes what it names."""
    emulator = serve(accounts_world(batch_account()))
    client = emulator.batch()
    rolling = models.RollingUpgradePolicy(
        enable_cross_zone_upgrade=True,
        max_batch_instance_percent=20,
        max_unhealthy_instance_percent=25,
        max_unhealthy_upgraded_instance_percent=30,
        pause_time_between_batches="PT1M",
        prioritize_unhealthy_instances=True,
        rollback_failed_instances_on_policy_breach=False,
    )
    wanted = _pool(automatic_os_upgrade_policy=_deferring(), rolling_upgrade_policy=rolling)

    made = client.pool.create(GROUP, ACCOUNT, "made", wanted)
    emulator.advance(300)
    read = client.pool.get(GROUP, ACCOUNT, "made")

    assert read.etag == made.etag
    assert read.properties.vm_size == "STANDARD_D2S_V3"
    assert read.properties.allocation_state == "Steady"
    assert read.properties.provisioning_state == "Succeeded"
    policy = read.properties.upgrade_policy
    assert policy.mode == "automatic"
    assert policy.automatic_os_upgrade_policy.as_dict() == _deferring().as_dict()
    assert policy.rolling_upgrade_policy.as_dict() == rolling.as_dict()

    change = models.Pool(properties=models.PoolProperties(display_name="frames of all films"))
    changed = client.pool.update(GROUP, ACCOUNT, "made", change)
    assert changed.etag != made.etag
    assert changed.properties.display_name == "frames of all films"
    assert changed.properties.upgrade_policy.rolling_upgrade_policy.as_dict() == rolling.as_dict()

    client.pool.begin_delete(GROUP, ACCOUNT, "made", polling=False)
    assert "made" not in [pool.name for pool in client.pool.list_by_batch_account(GROUP, ACCOUNT)]


def test_preconditions_of_a_pool(serve: Serve) -> None:
    """R61: an ETag that is old, or a pool that is there already, is 412, and nothing changes."""
    client = serve(pool_world(3)).batch()
    before = client.pool.get(GROUP, ACCOUNT, POOL)

    tries: list[Callable[[], models.Pool]] = [
        lambda: client.pool.create(
            GROUP, ACCOUNT, POOL, _pool(), match_condition=MatchConditions.IfMissing, etag="*"
        ),
        lambda: client.pool.update(
            GROUP,
            ACCOUNT,
            POOL,
            models.Pool(properties=models.PoolProperties(display_name="x")),
            etag='"0x8D0"',
            match_condition=MatchConditions.IfNotModified,
        ),
    ]

    for refused in tries:
        with pytest.raises(HttpResponseError) as error:
            refused()
        assert error.value.status_code == 412
    assert client.pool.get(GROUP, ACCOUNT, POOL).etag == before.etag


def test_pools_come_in_pages(serve: Serve) -> None:
    """A list of pools goes on by its nextLink, which the official client follows by itself."""
    ids = [f"{POOL_ID}{number}" for number in range(5)]
    client = serve(
        accounts_world(batch_account(*(batch_pool(1, pool_id=pool_id) for pool_id in ids)))
    ).batch()

    found = [pool.id for pool in client.pool.list_by_batch_account(GROUP, ACCOUNT, maxresults=2)]

    assert sorted(found) == sorted(ids)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (
            {
                "rolling_upgrade_policy": models.RollingUpgradePolicy(
                    max_batch_instance_percent=30, max_unhealthy_instance_percent=20
                )
            },
            "maxBatchInstancePercent",
        ),
        (
            {"rolling_upgrade_policy": models.RollingUpgradePolicy(max_batch_instance_percent=4)},
            "maxBatchInstancePercent",
        ),
        (
            {
                "rolling_upgrade_policy": models.RollingUpgradePolicy(
                    max_unhealthy_upgraded_instance_percent=101
                )
            },
            "maxUnhealthyUpgradedInstancePercent",
        ),
        ({"rolling_upgrade_policy": models.RollingUpgradePolicy(pause_time_between_batches="soon")}, "pause"),
    ],
    ids=["batch above unhealthy", "batch too small", "share above 100", "no duration"],
)
def test_a_wrong_policy_is_refused(serve: Serve, policy: dict[str, Any], words: str) -> None:
    """R61, N29: percentages outside their bounds, a batch above the unhealthy share and a pause that is none are 400 by name."""
    client = serve(pool_world(3)).batch()

    with pytest.raises(HttpResponseError) as refused:
        client.pool.create(GROUP, ACCOUNT, "wrong", _pool(**policy))

    assert refused.value.status_code == 400
    assert words in str(refused.value)
    assert [pool.name for pool in client.pool.list_by_batch_account(GROUP, ACCOUNT)] == [POOL]


def test_nodes_are_listed_filtered_and_counted(serve: Serve) -> None:
    """C18, R56: the data client lists nodes in pages, filters them by state, gets one with its tasks, and counts them."""
    emulator = serve(pool_world(10, running=working(range(3), 60)))
    client = data_plane(emulator)

    ids = [node.id for node in client.list_nodes(POOL, max_results=4)]
    busy = [node.id for node in client.list_nodes(POOL, filter="state eq 'running'")]
    node = client.get_node(POOL, "tvm-1")
    counts = next(iter(client.list_pool_node_counts()))

    assert sorted(ids) == sorted(f"tvm-{number}" for number in range(10))
    assert busy == ["tvm-0", "tvm-1", "tvm-2"]
    assert (node.state, node.scheduling_state, node.running_tasks_count) == ("running", "enabled", 1)
    assert node.recent_tasks[0].task_state == "running"
    assert node.virtual_machine_info.image_reference.exact_version == OLD
    assert (counts.pool_id, counts.dedicated.idle, counts.dedicated.running) == (POOL, 7, 3)
    assert counts.dedicated.total == 10


def test_scheduling_is_disabled_and_enabled(serve: Serve) -> None:
    """C18, R55: a node whose scheduling is disabled with task completion finishes its task and gets no other until it is enabled."""
    emulator = serve(pool_world(2, running={"tvm-0": 60}))
    client = data_plane(emulator)
    options = data_models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="taskcompletion")

    client.disable_node_scheduling(POOL, "tvm-0", options)

    node = client.get_node(POOL, "tvm-0")
    assert (node.state, node.scheduling_state) == ("running", "disabled")
    with pytest.raises(HttpResponseError) as refused:
        client.disable_node_scheduling(POOL, "tvm-0", options)
    assert refused.value.status_code == 409
    emulator.advance(61)
    node = client.get_node(POOL, "tvm-0")
    assert (node.running_tasks_count, node.scheduling_state) == (0, "disabled")
    client.enable_node_scheduling(POOL, "tvm-0")
    assert client.get_node(POOL, "tvm-0").scheduling_state == "enabled"
    with pytest.raises(HttpResponseError) as refused:
        client.enable_node_scheduling(POOL, "tvm-0")
    assert refused.value.status_code == 409


@pytest.mark.parametrize("option", ["requeue", "terminate"])
def test_reimage_ends_tasks_at_once(serve: Serve, option: str) -> None:
    """A reimage with requeue or terminate begins at once, boots the newest version, and its poller ends when the node is back."""
    emulator = serve(pool_world(1, running={"tvm-0": FOR_EVER}, deferral=False))
    client = data_plane(emulator)

    poller = client.begin_reimage_node(
        POOL, "tvm-0", data_options.BatchNodeReimageOptions(node_reimage_option=option), polling_interval=0
    )
    assert client.get_node(POOL, "tvm-0").state == "reimaging"
    emulator.advance(600)
    poller.result()

    node = client.get_node(POOL, "tvm-0")
    assert node.virtual_machine_info.image_reference.exact_version == NEW
    assert node.state == ("running" if option == "requeue" else "idle")


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
@pytest.mark.parametrize("action", ["reimage", "reboot"])
def test_reimage_and_reboot_wait_for_tasks(serve: Serve, option: str, action: str) -> None:
    """R55: with task completion or retained data nothing begins before the node's task has ended."""
    emulator = serve(pool_world(1, running={"tvm-0": 100}))
    client = data_plane(emulator)
    if action == "reimage":
        client.begin_reimage_node(
            POOL,
            "tvm-0",
            data_options.BatchNodeReimageOptions(node_reimage_option=option),
            polling_interval=0,
        )
    else:
        client.begin_reboot_node(
            POOL, "tvm-0", data_options.BatchNodeRebootOptions(node_reboot_kind=option), polling_interval=0
        )

    assert client.get_node(POOL, "tvm-0").running_tasks_count == 1
    emulator.advance(99)
    assert client.get_node(POOL, "tvm-0").state == "running"
    emulator.advance(2)
    assert client.get_node(POOL, "tvm-0").state == ("reimaging" if action == "reimage" else "rebooting")
    emulator.advance(600)

    assert client.get_node(POOL, "tvm-0").state == "idle"
    assert emulator.admin("GET", "audit")["batchPools"][POOL_ID]["runningNodesInterrupted"] == 0


def test_reboot_keeps_the_version(serve: Serve) -> None:
    """A reboot with requeue queues the node's task again and keeps its image version; a node that reboots is rebooted by nobody else."""
    emulator = serve(pool_world(1, running={"tvm-0": FOR_EVER}, deferral=False))
    client = data_plane(emulator)
    default = data_options.BatchNodeRebootOptions(node_reboot_kind="requeue")
    poller = client.begin_reboot_node(POOL, "tvm-0", default, polling_interval=0)
    assert client.get_node(POOL, "tvm-0").state == "rebooting"
    with pytest.raises(HttpResponseError) as refused:
        client.begin_reboot_node(POOL, "tvm-0", default)
    emulator.advance(600)
    poller.result()

    node = client.get_node(POOL, "tvm-0")
    assert refused.value.status_code == 409
    assert node.virtual_machine_info.image_reference.exact_version == OLD
    assert node.state == "running"


def test_errors_are_batchs_own(serve: Serve) -> None:
    """Unknown pools and nodes are 404 in the body of the data plane: code and message at the top, no error wrapper."""
    emulator = serve(pool_world(1))
    client = data_plane(emulator)

    with pytest.raises(ResourceNotFoundError) as no_pool:
        list(client.list_nodes("nobodys"))
    with pytest.raises(ResourceNotFoundError) as no_node:
        client.get_node(POOL, "tvm-9")
    body = no_node.value.response.json()

    assert no_pool.value.response.json()["code"] == "PoolNotFound"
    assert body["code"] == "NodeNotFound"
    assert "RequestId:" in body["message"]["value"]
    assert "error" not in body


@pytest.mark.parametrize(("version", "state"), [(OLDER, "rebooting"), (NEWER, "upgradingos")])
def test_an_upgrading_node_by_version(serve: Serve, version: str, state: str) -> None:
    """R56, C4, R1: the platform's upgrade of an idle node shows `upgradingos` from 2023-11-01 on, and `rebooting` before."""
    emulator = serve(
        accounts_world(
            batch_account(batch_pool(4, policy=pool_policy(), running={"tvm-0": FOR_EVER})),
            platformUpgrades=True,
        )
    )
    seen: set[str] = set()
    for _ in range(400):
        emulator.advance(30)
        seen = {node["state"] for node in _raw_nodes(emulator, version)}
        if state in seen:
            break

    assert state in seen
    assert emulator.admin("GET", "audit")["batchPools"][POOL_ID]["runningNodesInterrupted"] == 0


def _raw_nodes(emulator: Emulator, version: str) -> list[dict[str, Any]]:
    path = f"/_batch/{ACCOUNT}/pools/{POOL}/nodes"
    found: list[dict[str, Any]] = emulator.arm("GET", path, api_version=version).json()["value"]
    return found


def test_the_clients_are_the_official_ones(serve: Serve) -> None:
    """Both clients are those that Azure publishes, and each names its own version of the API."""
    emulator = serve(pool_world(1))

    assert type(emulator.batch()) is BatchManagementClient
    assert type(data_plane(emulator)) is BatchClient
