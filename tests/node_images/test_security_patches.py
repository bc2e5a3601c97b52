"""Security patches: on running nodes where their image allows it, else by a node image within window and surge."""

from __future__ import annotations

from collections.abc import Callable

from cluster_rehearsals import MANNERS, ClusterRehearsal, pools_of
from clusters import NEW, OLD, PATCHED, SECURITY_IMAGES, cluster, cluster_id, pool, window, world

from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.rollouts import NodeRolloutState
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.validating import examine, plan_of

Rehearse = Callable[..., ClusterRehearsal]
POOLS = (pool("old", 2, image=OLD), pool("system", 2, mode="System", image=NEW))


def secured(*pools: dict[str, object], **more: object) -> dict[str, object]:
    """A world with a cluster that takes security patches."""
    images = more.pop("images", SECURITY_IMAGES)
    clusters = cluster(*pools, channel="SecurityPatch", windows=(window(),))
    return world(clusters, nodeImages=images, **more)


def test_running_nodes_take_their_patches(rehearse: Rehearse) -> None:
    """R69: nodes on the build that the patches are for are patched while they run: none is drained or added."""
    rehearsal = rehearse(secured(POOLS[1]))

    rollout = rehearsal.run()

    (system,) = rollout.pools
    assert rollout.state is NodeRolloutState.COMPLETED
    assert (system.way, system.state) == (UpgradeWay.LIVE, "upgraded")
    assert set(rehearsal.images("system")) == {"aks-system-0", "aks-system-1"}
    assert set(rehearsal.images("system").values()) == {PATCHED}


def test_nodes_on_another_build_get_the_node_image(rehearse: Rehearse) -> None:
    """R69: a pool that is not on the build gets the node image, with surge and in its window, in the same rollout."""
    rehearsal = rehearse(secured(*POOLS))

    rollout = rehearsal.run()

    assert {p.name: p.way for p in rollout.pools} == {
        "system": UpgradeWay.LIVE,
        "old": UpgradeWay.REIMAGE,
    }
    assert pools_of(rollout) == {"system": "upgraded", "old": "upgraded"}
    assert set(rehearsal.images("old").values()) == {PATCHED}
    assert rehearsal.admin.violations() == []


def test_patches_that_need_a_restart_end_in_a_reimage(rehearse: Rehearse) -> None:
    """R69: nodes that cannot take their patches live are given the node image in the same rollout."""
    images = [*SECURITY_IMAGES[:2], {**SECURITY_IMAGES[2], "needsReimage": True}]
    rehearsal = rehearse(secured(POOLS[1], images=images))

    rollout = rehearsal.run()

    (system,) = rollout.pools
    assert rollout.state is NodeRolloutState.COMPLETED
    assert system.way is UpgradeWay.REIMAGE
    assert set(rehearsal.images("system").values()) == {PATCHED}
    assert rehearsal.admin.violations() == []


def test_the_plan_names_the_extra_image(rehearse: Rehearse) -> None:
    """R69: the plan of a cluster with security patches names the cost of the image that AKS keeps."""
    rehearsal = rehearse(secured(*POOLS))
    request = NodeRequest(cluster_id(), TriggerKind.AUTOMATIC, MANNERS)

    plan = plan_of(examine(rehearsal.ports(), request))

    assert any("VHD" in cost and "MC_shop_web_westeurope" in cost for cost in plan.costs)
