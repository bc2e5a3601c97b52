"""What a fault makes of an accepted change: nothing, a failure, or no end at all."""

from __future__ import annotations

from dataclasses import dataclass

from arm_emulator.compute.instance import Fate


@dataclass(frozen=True, slots=True)
class Disruption:
    """The fate of a change.

    :param instances: those that it hits; None for all.
    """

    fate: Fate = Fate.APPLY
    code: str = "OperationFailed"
    message: str = "The operation failed."
    instances: frozenset[str] | None = None

    @property
    def applies_to_resource(self) -> bool:
        """Whether a change of the resource itself, rather than of instances, happens all the same."""
        return self.fate is Fate.APPLY or self.instances is not None

    def fate_of(self, instance_id: str) -> Fate:
        """What becomes of the change of one instance."""
        # A member of a Flexible set may be named by its virtual machine, one of a pool by its node: ``web_7``, ``tvm-7``.
        is_hit = self.instances is None or instance_id in {_number(name) for name in self.instances}
        return self.fate if is_hit else Fate.APPLY


def _number(named: str) -> str:
    return named.rpartition("_")[2].lower().removeprefix("tvm-")


UNDISTURBED = Disruption()
"""The fate of a change that no fault hits."""
