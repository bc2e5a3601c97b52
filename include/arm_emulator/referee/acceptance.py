"""An accepted call as the rules see it: which of its replacements are swaps, which are rollbacks, and the state around."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.record import EffectivePolicy, Replacement, ReplacementsAccepted
    from arm_emulator.referee.flights import Overlap, RegionFlights
    from arm_emulator.referee.scale_set_record import History, ScaleSetRecord


class ReplacementKind(StrEnum):
    """What a replacement of an OS disk is."""

    SWAP = "swap"
    ROLLBACK = "rollback"
    SAME_VERSION = "same version"


def kind_of(replacement: Replacement, history: History) -> ReplacementKind:
    """A rollback goes back to what ran before the last swap, once; any other change of version is a swap.

    A swap that failed left its instance on the old version: going back to that is a rollback as well.
    """
    is_other = replacement.to_version != replacement.from_version
    can_go_back = history.swapped_to and replacement.to_version == history.before_last_swap
    if can_go_back and (is_other or not history.is_rolled_back):
        return ReplacementKind.ROLLBACK
    return ReplacementKind.SWAP if is_other else ReplacementKind.SAME_VERSION


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One accepted call.

    :param newly_out: its instances that were in service before it.
    :param record: the scale set just after it.
    :param regions: what is in flight just after it, by region.
    :param overlap: the pairs of regions and which of them are active just after it.
    """

    event: ReplacementsAccepted
    kinds: Mapping[str, ReplacementKind]
    newly_out: int
    record: ScaleSetRecord
    regions: Mapping[str, RegionFlights]
    overlap: Overlap

    @property
    def at(self) -> datetime:
        """When."""
        return self.event.at

    @property
    def policy(self) -> EffectivePolicy:
        """The policy that held then."""
        return self.event.policy

    @property
    def swaps(self) -> list[Replacement]:
        """Its swaps."""
        return [r for r in self.event.replacements if self.kinds[r.instance] is ReplacementKind.SWAP]

    def image_of(self, replacement: Replacement) -> str:
        """Image and version that a replacement brings, as they are compared."""
        return f"{self.event.image}:{replacement.to_version}".lower()
