"""Whether every machine of a pool has what was asked for, once AKS says that it is done (R66)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fleetwright.domain.node_pools.clusters import Machine
from fleetwright.domain.node_pools.images import same_image


@dataclass(frozen=True, slots=True)
class Verification:
    """A pool, machine by machine.

    :param verified: names of machines that have all of it
    :param stragglers: why others have not, by their names
    :param undrained: stragglers that were only never drained: they say nothing against the image
    :param missing: why there are fewer machines than there should be; empty where there are enough
    """

    verified: tuple[str, ...]
    stragglers: Mapping[str, str] = field(default_factory=dict)
    undrained: frozenset[str] = frozenset()
    missing: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every machine is as it should be."""
        return not self.stragglers and not self.missing

    @property
    def speaks_against_image(self) -> bool:
        """Whether nodes did not come as they should: the next pool must not get the same image."""
        return bool(self.missing or self.stragglers.keys() - self.undrained)

    def __str__(self) -> str:
        total = len(self.verified) + len(self.stragglers)
        told = [f"{name}: {why}" for name, why in self.stragglers.items()]
        if self.missing:
            told.append(self.missing)
        return "; ".join([f"{len(self.verified)} of {total} machines verified", *told])


def judge_machines(
    machines: Sequence[Machine], to_image: str, kubernetes_version: str, expected: int
) -> Verification:
    """Judge every machine: on the image, ready, settled, with the Kubernetes version it had before.

    :param kubernetes_version: of the pool before its upgrade; empty where it is not known
    :param expected: how many machines there should be, surge nodes not among them
    """
    stragglers = {m.name: why for m in machines if (why := _why_not(m, to_image, kubernetes_version))}
    undrained = frozenset(m.name for m in machines if m.name in stragglers and _is_undrained(m, to_image))
    present = len(machines)
    missing = f"{present} of {expected} machines are there" if present < expected else ""
    verified = tuple(m.name for m in machines if m.name not in stragglers)
    return Verification(verified, stragglers, undrained, missing)


def _why_not(machine: Machine, to_image: str, kubernetes_version: str) -> str:
    return "; ".join(_reasons(machine, to_image, kubernetes_version))


def _reasons(machine: Machine, to_image: str, kubernetes_version: str) -> list[str]:
    told = []
    if not same_image(machine.image, to_image):
        cordoned = ", and cordoned: it could not be drained" if machine.is_cordoned else ""
        told.append(f"on {machine.image or 'an unknown image'} instead of {to_image}{cordoned}")
    elif machine.is_cordoned:
        told.append("still cordoned")
    if machine.provisioning_state.lower() != "succeeded":
        told.append(f"provisioningState {machine.provisioning_state}")
    if not machine.is_ready:
        told.append("not ready")
    if _is_other_version(machine.kubernetes_version, kubernetes_version):
        told.append(f"Kubernetes {machine.kubernetes_version}, and it was {kubernetes_version} before (R66)")
    return told


def _is_undrained(machine: Machine, to_image: str) -> bool:
    """An old node that is as it was before, or one that AKS left cordoned and shows as failed to be updated."""
    is_settled = machine.is_ready or machine.provisioning_state.lower() == "failed"
    return not same_image(machine.image, to_image) and is_settled


def _is_other_version(now: str, before: str) -> bool:
    """A version that is told in fewer numbers is compared by those it has."""
    one, other = (text.lower().removeprefix("v").split(".") for text in (now, before))
    return bool(now and before) and any(a != b for a, b in zip(one, other, strict=False))
