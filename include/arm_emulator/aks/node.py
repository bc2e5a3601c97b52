"""One node of an agent pool, as the state knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from arm_emulator.aks.node_images import unpatched

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class NodeStep(StrEnum):
    """What is being done to a node; an idle one is at none."""

    CREATING = "creating"  # it is new: a surge node, or one of a scale-out
    DRAINING = "draining"  # cordoned, and its pods are evicted
    SOAKING = "soaking"  # drained; the pool's soak time passes before it is reimaged
    REIMAGING = "reimaging"
    STARTING = "starting"  # the new image boots
    DELETING = "deleting"


_OF_UPGRADE = frozenset({NodeStep.DRAINING, NodeStep.SOAKING, NodeStep.REIMAGING, NodeStep.STARTING})


@dataclass(slots=True)
class Node:
    """A machine of an agent pool.

    :param image: the VHD it was created or reimaged from, such as ``AKSUbuntu-2204gen2containerd-202402.12.0``
    :param patched_to: the date of the security patches applied to the running node, ``2024.02.20``; empty where none
        were since its image
    :param created_at: since when it has its image: a reimage makes a node new
    :param guest_patched_at: when the guest's own updates ran last before ``Unmanaged`` ceased to hold
    :param live_patch_goal: the date of the security patches that it is applying; empty while it applies none
    :param is_surge: it exists for an upgrade only, and goes with it
    :param is_leaving: it is drained to be deleted
    :param is_cordoned: nothing is scheduled on it
    :param has_started: its system runs: not while it is created or reimaged
    :param is_down: something from outside keeps it from being ready; ``in_outage`` is the same for its zone
    :param has_failed: a fault let it keep its old image
    :param undrainable: its pods never leave it
    :param step_ends: when its present step is over; None where only something else ends it
    :param time_left: of its present step, which stands still while its zone is down
    :param labels: those that it has besides its pool's
    :param ticket: of the one entry of the timeline that it waits for
    """

    name: str
    number: int
    image: str
    kubernetes_version: str
    created_at: datetime
    zone: str | None = None
    patched_to: str = ""
    guest_patched_at: datetime | None = None
    live_patch_goal: str = ""
    is_surge: bool = False
    is_leaving: bool = False
    is_cordoned: bool = False
    has_started: bool = True
    is_down: bool = False
    in_outage: bool = False
    has_failed: bool = False
    undrainable: bool = False
    step: NodeStep | None = None
    step_began: datetime | None = None
    step_ends: datetime | None = None
    time_left: timedelta | None = None
    ticket: int = 0
    annotations: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def shown_image(self) -> str:
        """``nodeImageVersion`` as a machine shows it: patches make it ``IMAGE-2024.02.20``."""
        return f"{unpatched(self.image)}-{self.patched_to}" if self.patched_to else self.image

    @property
    def is_ready(self) -> bool:
        """``Ready`` as Kubernetes has it."""
        return self.has_started and not self.is_down and not self.in_outage

    @property
    def is_being_upgraded(self) -> bool:
        """Whether an upgrade has it in hand now."""
        return self.step in _OF_UPGRADE and not self.is_leaving

    @property
    def serves(self) -> bool:
        """Whether pods may run on it now."""
        return self.is_ready and not self.is_cordoned and self.step is None
