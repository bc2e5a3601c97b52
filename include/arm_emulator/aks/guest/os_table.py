"""What a pool's nodes run, and whether that updates itself (C17)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool

_USUAL = {"linux": "Ubuntu", "windows": "Windows2022"}
_GPU_SIZES = "standard_n"


@dataclass(frozen=True, slots=True)
class OsWords:
    """A row of the table.

    :param system: ``linux`` or ``windows``, as Kubernetes says it
    :param name: ``osImage`` of a node
    :param updates_itself: under ``Unmanaged``
    :param gpu: likewise on sizes with a GPU
    """

    sku: str
    system: str
    name: str
    kernel: str
    updates_itself: bool
    gpu: bool


def os_words(pool: AgentPool) -> OsWords:
    """The row of a pool: by its ``osSKU``, else by its ``osType``."""
    said = str(pool.properties.get("osSKU") or "").lower()
    found = _table().get(said)
    if found is not None:
        return found
    system = str(pool.properties.get("osType") or "Linux").lower()
    return _table()[_USUAL.get(system, "Ubuntu").lower()]


def updates_itself(pool: AgentPool) -> bool:
    """Whether the guest of the pool's nodes installs updates by itself where the channel lets it (R68, C17)."""
    words = os_words(pool)
    has_gpu = str(pool.properties.get("vmSize") or "").lower().startswith(_GPU_SIZES)
    return words.updates_itself and (words.gpu or not has_gpu)


@cache
def _table() -> dict[str, OsWords]:
    rows = yaml.safe_load(files("arm_emulator.aks.guest").joinpath("os_table.yaml").read_text("utf-8"))
    return {
        row["sku"].lower(): OsWords(
            row["sku"], row["system"], row["name"], row["kernel"], row["updatesItself"], row["gpu"]
        )
        for row in rows
    }
