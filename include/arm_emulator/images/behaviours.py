"""What an instance does when it next boots an image version: the world's script, not Azure's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.seeded import Seed


class HealthWord(StrEnum):
    """How an instance behaves after a boot, as world documents say it."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    NEVER = "never"
    FLAPPING = "flapping"


@dataclass(frozen=True, slots=True)
class ImageBehaviour:
    """One line of ``imageBehaviours``.

    :param instances: the instances it holds for; None for all.
    :param percent: the share of those that the seed draws.
    :param extension: the extension that ends as ``extension_failed`` says.
    """

    version: str
    instances: frozenset[str] | None = None
    percent: float = 100
    health: HealthWord = HealthWord.HEALTHY
    extension: str | None = None
    extension_failed: bool = False
    scale_set: str | None = None


HEALTHY_BOOT = ImageBehaviour(version="")
"""What an instance does where no line matches."""


def behaviour_at_boot(
    behaviours: Iterable[ImageBehaviour],
    seed: Seed,
    *,
    scale_set: str,
    instance: str,
    machine: str,
    version: str | None,
) -> ImageBehaviour:
    """The first line that matches.

    :param scale_set: the scale set's id as ids are compared, in lower case.
    :param machine: the name of the instance's virtual machine.
    """
    for line in behaviours:
        if _is_meant(line, scale_set, (instance, machine), version) and _is_drawn(
            line, seed, scale_set, instance
        ):
            return line
    return HEALTHY_BOOT


def _is_meant(line: ImageBehaviour, scale_set: str, names: tuple[str, str], version: str | None) -> bool:
    return (
        line.version == version
        and (line.instances is None or _is_named(line.instances, names))
        and line.scale_set in {None, scale_set}
    )


def _is_named(instances: frozenset[str], names: tuple[str, str]) -> bool:
    """By its id, or by the name of its virtual machine."""
    wanted = {name.lower() for name in names}
    return any(named.lower() in wanted for named in instances)


def _is_drawn(line: ImageBehaviour, seed: Seed, scale_set: str, instance: str) -> bool:
    if line.percent >= 100:
        return True
    draw = seed.fraction("behaviour", line.version, line.extension, line.health, scale_set, instance)
    return draw * 100 < line.percent
