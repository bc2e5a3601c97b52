"""What a pool needs: nothing, patches on running nodes, or a node image (R69, R70, N34)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fleetwright.domain.node_pools.channels import NodeOsChannel, UpgradeWay
from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodePool, NodeState
from fleetwright.domain.node_pools.guest_updates import has_gpu
from fleetwright.domain.node_pools.images import Standing, compare_images, patches_of
from fleetwright.domain.records import TriggerKind

# An operation of the pool that ended so left it half way: any later one resumes it.
STOPPED_STATES = frozenset({"failed", "canceled", "cancelled"})
_SHOWN = 3
_THE_POOL = "the pool"


@dataclass(frozen=True, slots=True)
class PoolNeed:
    """What a pool needs.

    :param way: None where nothing is to be done, or nothing can be
    :param to_image: the newest image that its region has
    :param is_barred: something is in the way of an upgrade; without it, a need without a way is nothing to do
    :param patched_to: the date of the patches for running nodes, ``2024.02.20``
    """

    way: UpgradeWay | None
    to_image: str
    reason: str
    is_barred: bool = False
    patched_to: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether the pool is as it should be."""
        return self.way is None and not self.is_barred


def need_of(
    cluster: Cluster,
    pool: NodePool,
    machines: Sequence[Machine] | None = None,
    nodes: Sequence[NodeState] | None = None,
    *,
    trigger: TriggerKind = TriggerKind.AUTOMATIC,
    stayed: Collection[str] = (),
) -> PoolNeed:
    """What a pool needs by its channel.

    :param machines: of the pool; None where they were not read: then the pool's own image counts for all
    :param nodes: of the cluster, as Kubernetes shows them; None where they were not read
    :param stayed: nodes that could not be drained for this very image: only a person asks them again before the next
    """
    to_image = pool.latest_image
    idle = _why_idle(cluster, pool, trigger)
    if idle:
        return PoolNeed(None, to_image, idle)
    barred = _why_barred(pool)
    if barred:
        return PoolNeed(None, to_image, barred, is_barred=True)
    running = _running(cluster, pool, machines)
    standings = {name: compare_images(to_image, image) for name, image in running.items()}
    backward = _why_backward(to_image, running, standings)
    if backward:
        return PoolNeed(None, to_image, backward)
    behind = tuple(name for name, standing in standings.items() if standing is not Standing.SAME)
    if not behind and not (machines is None and is_stopped(pool)):
        return PoolNeed(None, to_image, f"up to date: on {to_image}")
    # A pool shows its old image as long as one of its nodes has it.
    nodes_behind = tuple(name for name in behind if name != _THE_POOL) if machines else behind
    if trigger is TriggerKind.AUTOMATIC and not is_stopped(pool) and _all_stayed(nodes_behind, stayed):
        return PoolNeed(None, to_image, _tell_stayed(to_image, nodes_behind))
    return _upgrade(cluster, pool, running, behind, nodes)


def is_stopped(pool: NodePool) -> bool:
    """Whether an earlier operation on the pool ended half way."""
    return pool.provisioning_state.lower() in STOPPED_STATES


def _all_stayed(behind: Collection[str], stayed: Collection[str]) -> bool:
    return bool(behind) and set(behind) <= set(stayed)


def _why_idle(cluster: Cluster, pool: NodePool, trigger: TriggerKind) -> str:
    if pool.count == 0:
        return "it has no nodes"
    if pool.power_state.lower() == "stopped":
        return "it is stopped, so it has no nodes"
    if trigger is TriggerKind.AUTOMATIC and cluster.channel is NodeOsChannel.SECURITY_PATCH:
        return _why_without_patches(pool)
    return ""


def _why_without_patches(pool: NodePool) -> str:
    sku = pool.os_sku.lower()
    left_out = f"channel SecurityPatch leaves it out: there are no security patches for {pool.os_sku}"
    if pool.os_type.lower() == "windows" or sku.startswith(("windows", "flatcar", "azurelinuxosguard")):
        return left_out
    return f"{left_out} with a GPU" if sku.startswith("azurelinux") and has_gpu(pool) else ""


def _why_barred(pool: NodePool) -> str:
    if pool.kind.lower() == "availabilityset":
        return "its nodes are an availability set: AKS upgrades node images of scale sets only"
    return "" if pool.latest_image else "its upgrade profile tells no latestNodeImageVersion"


def _running(cluster: Cluster, pool: NodePool, machines: Sequence[Machine] | None) -> Mapping[str, str]:
    """Images by whose they are: of each machine, and of the pool, which is what new nodes get."""
    own = {_THE_POOL: pool.image} if pool.image else {}
    if not machines:
        return own
    images = {machine.name: machine.image or pool.image for machine in machines}
    # Patches on running nodes do not change what the pool gives to new ones.
    return images if cluster.channel is NodeOsChannel.SECURITY_PATCH else {**images, **own}


def _why_backward(to_image: str, running: Mapping[str, str], standings: Mapping[str, Standing]) -> str:
    for name, standing in standings.items():
        if standing in {Standing.OLDER, Standing.OTHER_FAMILY}:
            return (
                f"{to_image} is {standing} than {running[name]} of {name}: no upgrade, node images never go back (N34)"
                if standing is Standing.OLDER
                else f"{to_image} is {standing} than {running[name]} of {name}: no upgrade (N34)"
            )
    return ""


def _upgrade(
    cluster: Cluster,
    pool: NodePool,
    running: Mapping[str, str],
    behind: tuple[str, ...],
    nodes: Sequence[NodeState] | None,
) -> PoolNeed:
    told = _tell_behind(pool, running, behind)
    if cluster.channel is not NodeOsChannel.SECURITY_PATCH:
        return PoolNeed(UpgradeWay.REIMAGE, pool.latest_image, told)
    patched_to = patches_of(pool.latest_image, running.values())
    obstacle = _why_not_live(pool, patched_to, nodes)
    if obstacle:
        words = f"{told}; {obstacle}: reimage within window and surge (R69)"
        return PoolNeed(UpgradeWay.REIMAGE, pool.latest_image, words)
    words = f"{told}; running nodes take the patches of {patched_to} (R69)"
    return PoolNeed(UpgradeWay.LIVE, pool.latest_image, words, patched_to=patched_to)


def _why_not_live(pool: NodePool, patched_to: str, nodes: Sequence[NodeState] | None) -> str:
    if is_stopped(pool):
        return f"an earlier operation left it {pool.provisioning_state}"
    if not patched_to:
        return f"nodes do not run the build that {pool.latest_image} patches"
    restart = [node.name for node in nodes or () if _is_of(node, pool) and node.needs_reboot]
    return f"{_names(restart)} need a restart" if restart else ""


def _is_of(node: NodeState, pool: NodePool) -> bool:
    return node.pool.lower() == pool.name.lower()


def _tell_behind(pool: NodePool, running: Mapping[str, str], behind: tuple[str, ...]) -> str:
    if not behind:
        return f"an earlier operation left it {pool.provisioning_state}: it is resumed"
    images = ", ".join(sorted({running[name] for name in behind}))
    nodes = tuple(name for name in behind if name != _THE_POOL)
    whose = f"{_names(nodes)} " if nodes else ""
    unknown = any(compare_images(pool.latest_image, running[name]) is Standing.UNKNOWN for name in behind)
    doubt = "; the names cannot be taken apart, so they are compared for equality only" if unknown else ""
    return f"{whose}on {images}, newest is {pool.latest_image}{doubt}"


def _tell_stayed(to_image: str, behind: tuple[str, ...]) -> str:
    return (
        f"on {to_image} but for {_names(behind)}, which could not be drained in its rollout; "
        "the next image asks again, or a run by hand"
    )


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
