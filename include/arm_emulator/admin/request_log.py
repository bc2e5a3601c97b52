"""The ARM calls so far: counted all, the last thousand kept."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.wire.call import ArmCall

_KEPT = 1000
_LONGEST_BODY = 16_000


@dataclass(slots=True)
class RequestLog:
    """Counts and the latest entries."""

    total: int = 0
    mutating: int = 0
    by_route: Counter[str] = field(default_factory=Counter)
    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def add(self, call: ArmCall, *, at: datetime, label: str, status: int | None, fault: str | None) -> None:
        """Note a call.

        :param label: the short name of its route.
        :param status: of the reply; None where the connection was closed instead.
        :param fault: the kind of the effect that hit it.
        """
        self.total += 1
        self.mutating += call.method not in {"GET", "HEAD"}
        self.by_route[label] += 1
        entry: dict[str, Any] = {
            "at": admin_instant(at),
            "method": call.method,
            "path": call.path,
            "apiVersion": call.api_version,
            "status": status,
        }
        if call.body:
            entry["body"] = call.body[:_LONGEST_BODY].decode("utf-8", "replace")
        if fault is not None:
            entry["fault"] = fault
        self.entries.append(entry)

    def report(self) -> dict[str, Any]:
        """What ``GET /_emulator/requests`` answers."""
        return {
            "total": self.total,
            "mutating": self.mutating,
            "byRoute": dict(self.by_route.most_common()),
            "log": list(self.entries),
        }
