"""A broken rule, as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Violation:
    """Which rule, when, on which scale set, and the numbers."""

    rule: str
    at: datetime
    resource: str
    detail: str

    def words(self) -> dict[str, str]:
        """The violation as JSON."""
        return {
            "rule": self.rule,
            "at": admin_instant(self.at),
            "resource": self.resource,
            "detail": self.detail,
        }


def names(instances: list[str]) -> str:
    """Ids in a sentence, shortened where there are many."""
    shown = ", ".join(instances[:10])
    return shown if len(instances) <= 10 else f"{shown} and {len(instances) - 10} more"
