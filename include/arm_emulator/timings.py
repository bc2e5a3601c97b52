"""How long things take: a number of seconds, or a range of which the seed draws."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.seeded import Seed

Range = tuple[float, float]
"""Lowest and highest seconds."""

DEFAULTS: Mapping[str, Range] = MappingProxyType(
    {
        "swap": (20, 40),
        "boot": (10, 20),
        "extension": (5, 5),
        "health": (5, 5),
        "deallocate": (10, 10),
        "listLag": (0, 0),
        "retryAfter": (1, 1),
        "publicationDelay": (0, 0),
        "enablementDelay": (0, 0),
        "featureRegistration": (60, 60),
        "nodeCreate": (60, 120),
        "nodeDrain": (5, 15),
        "nodeReimage": (60, 120),
        "nodeStart": (20, 40),
        "nodeDelete": (20, 40),
        "livePatch": (20, 40),
        "command": (2, 5),
        "channelChange": (3_600, 86_400),
        "guestPatch": (300, 1_800),
    }
)


@dataclass(frozen=True, slots=True)
class Timings:
    """The ranges that were given, over the defaults."""

    given: Mapping[str, Range] = field(default_factory=dict)

    def overridden_by(self, other: Mapping[str, Range]) -> Timings:
        """These timings with another's ranges on top: a scale set's over the world's."""
        return Timings({**self.given, **other})

    def draw(self, name: str, seed: Seed, *parts: object) -> timedelta:
        """The time that ``name`` takes for what the parts stand for.

        :param parts: what makes the draw this one's own, such as instance id and number of the boot.
        """
        return timedelta(seconds=self.seconds(name, seed, *parts))

    def seconds(self, name: str, seed: Seed, *parts: object) -> float:
        """As :meth:`draw`, in seconds."""
        low, high = self.given.get(name, DEFAULTS[name])
        return low if low == high else low + (high - low) * seed.fraction(name, *parts)

    def retry_after(self, seed: Seed, *parts: object) -> str:
        """The ``Retry-After`` header: whole seconds, as ARM only knows those."""
        return str(math.ceil(self.seconds("retryAfter", seed, *parts)))
