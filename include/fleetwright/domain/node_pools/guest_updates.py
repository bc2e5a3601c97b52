"""What guests update by themselves under the channel ``Unmanaged``, by their operating system (R68, C17)."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.domain.node_pools.clusters import Cluster, NodePool

NEW_NODES = "new nodes start unpatched, with what their image holds (R68)"


@dataclass(frozen=True, slots=True)
class GuestUpdates:
    """What one operating system does.

    :param os_skus: beginnings of ``osSKU``, in lower case
    :param mechanism: empty where it updates nothing
    :param words: what it does, for a person
    """

    os_skus: tuple[str, ...]
    mechanism: str
    words: str


NOT_KNOWN = GuestUpdates((), "", "nobody says what it updates by itself: count on nothing")
# The first row that holds counts. Mariner and Azure Linux are one system by two names, which two generations of the
# documents tell different things about; each is told as its own name's documents tell it (C17).
GUESTS = (
    GuestUpdates(
        ("ubuntu",), "unattended-upgrade", "unattended-upgrade at about 06:00 UTC every day; kured restarts it where installed"
    ),
    GuestUpdates(("azurelinuxosguard", "osguard", "flatcar"), "", "nothing: its system is read-only and has no updates of its own"),
    GuestUpdates(("azurelinux",), "dnf-automatic", "dnf-automatic every night; kured restarts it where installed"),
    GuestUpdates(("cblmariner", "mariner"), "", "nothing"),
    GuestUpdates(("windows",), "", "nothing"),
)  # fmt: skip
_GPU_ON_AZURE_LINUX = GuestUpdates(
    ("azurelinux",), "", "nothing: nodes with a GPU are left out on Azure Linux"
)


def guest_updates(pool: NodePool) -> GuestUpdates:
    """What the nodes of a pool update by themselves."""
    sku = (pool.os_sku or pool.os_type).lower().replace(" ", "")
    found = next((row for row in GUESTS if sku.startswith(row.os_skus)), NOT_KNOWN)
    return _GPU_ON_AZURE_LINUX if found.mechanism == "dnf-automatic" and has_gpu(pool) else found


def has_gpu(pool: NodePool) -> bool:
    """Whether its VM size has a GPU: those of the N series have."""
    return pool.vm_size.lower().startswith("standard_n")


def guest_report(cluster: Cluster) -> tuple[str, ...]:
    """A line for each pool on what its guest does, and one on new nodes where any guest does something (R68)."""
    told = tuple(f"pool {pool.name} ({pool.os_sku}): {guest_updates(pool).words}" for pool in cluster.pools)
    updated = any(guest_updates(pool).mechanism for pool in cluster.pools)
    return (*told, NEW_NODES) if updated else told
