"""What an instance suffered, as a value: decisions hang on it, never on the words that tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Sign(StrEnum):
    """By what an instance was found not to serve; values are written in events."""

    NONE = ""  # it serves, or nobody wrote down what it suffered
    POWER = "power"
    EXTENSION_FAILED = "extension failed"
    EXTENSION_UNSETTLED = "extension unsettled"
    PROVISIONING_FAILED = "provisioning failed"
    PROVISIONING_UNSETTLED = "provisioning unsettled"
    HEALTH = "health"
    NOT_REPLACED = "not replaced"  # it never came to show what the swap or the rollback was to bring
    NO_END = "no end"
    DATA_DISKS = "data disks"
    GONE = "gone"
    PROTECTED = "protected"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Ailment:
    """A sign, and whatever it needs to be compared with another one.

    :param extensions: the names of those that failed, where that is the sign
    """

    sign: Sign = Sign.NONE
    extensions: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON; empty where there is no sign."""
        if self.sign is Sign.NONE:
            return {}
        return {"sign": str(self.sign), **({"extensions": list(self.extensions)} if self.extensions else {})}

    @classmethod
    def from_dict(cls, written: object) -> Ailment:
        """Read what ``to_dict`` gives; anything from before signs were written is none.

        >>> Ailment.from_dict({"sign": "extension failed", "extensions": ["App"]}).extensions
        ('App',)
        >>> Ailment.from_dict("health is unhealthy") == Ailment()
        True
        """
        if not isinstance(written, Mapping) or not written:
            return cls()
        return cls(Sign(written["sign"]), tuple(written.get("extensions", ())))


NO_AILMENT = Ailment()
