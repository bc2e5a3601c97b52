"""One request budget per subscription, shared by everything in this process.

Azure Resource Manager meters each principal and subscription with token buckets: 250 reads refilled by 25 a
second, 200 writes and deletes refilled by 10 a second
(learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling). Spending no faster
keeps a large fleet, or many rollouts at once, from being throttled at all.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from fleetwright.azure.calls import Call


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket as data.

    :param capacity: requests that it holds when full
    :param per_second: requests that flow in
    :param tokens: what it held at the instant ``at``; below zero while calls wait for their turn
    :param at: None before its first use
    """

    capacity: float
    per_second: float
    tokens: float
    at: datetime | None = None

    def refilled(self, now: datetime) -> Bucket:
        """The bucket as it is now; a clock that was set back gives nothing and takes nothing."""
        passed = (now - self.at).total_seconds() if self.at else 0.0
        return replace(
            self, tokens=min(self.capacity, self.tokens + max(0.0, passed) * self.per_second), at=now
        )

    def taken(self) -> Bucket:
        """The bucket with one request less."""
        return replace(self, tokens=self.tokens - 1)

    def lowered(self, remaining: float) -> Bucket:
        """The bucket with no more than Azure says is left."""
        return replace(self, tokens=min(self.tokens, remaining))

    @property
    def delay(self) -> float:
        """Seconds until the request that was taken last may be sent."""
        return max(0.0, -self.tokens) / self.per_second


READS = Bucket(capacity=250, per_second=25, tokens=250)
WRITES = Bucket(capacity=200, per_second=10, tokens=200)

_ENDLESS = Bucket(capacity=math.inf, per_second=1, tokens=math.inf)

_REMAINING_READS = ("x-ms-ratelimit-remaining-subscription-reads",)
_REMAINING_WRITES = (
    "x-ms-ratelimit-remaining-subscription-writes",
    "x-ms-ratelimit-remaining-subscription-deletes",
)


class Budget:
    """A subscription's buckets; safe to share between threads and event loops."""

    def __init__(self, reads: Bucket = READS, writes: Bucket = WRITES) -> None:
        self._lock = threading.Lock()
        self._reads = reads
        self._writes = writes

    @property
    def is_endless(self) -> bool:
        """Whether no call ever waits for it, so that nobody need ask what time it is."""
        return math.isinf(self._reads.capacity) and math.isinf(self._writes.capacity)

    def reserve(self, call: Call, now: datetime) -> float:
        """Take one request; return the seconds to wait before it is sent."""
        with self._lock:
            if call.is_read:
                self._reads = self._reads.refilled(now).taken()
                return self._reads.delay
            self._writes = self._writes.refilled(now).taken()
            return self._writes.delay

    def heed(self, headers: Mapping[str, str]) -> None:
        """Believe Azure where it says that less is left than we count."""
        reads, writes = _least(headers, _REMAINING_READS), _least(headers, _REMAINING_WRITES)
        with self._lock:
            self._reads = self._reads if reads is None else self._reads.lowered(reads)
            self._writes = self._writes if writes is None else self._writes.lowered(writes)


# The budget that pays for a call.
Meter = Callable[[Call], Budget]

_budgets: dict[tuple[str, str], Budget] = {}
_budgets_lock = threading.Lock()


def budget_for(call: Call) -> Budget:
    """The one budget of the call's subscription at its endpoint."""
    with _budgets_lock:
        return _budgets.setdefault((call.origin.lower(), call.subscription), Budget())


def unmetered(_call: Call) -> Budget:
    """A budget that has no end, for services that Azure Resource Manager does not meter."""
    return Budget(_ENDLESS, _ENDLESS)


def _least(headers: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    numbers = [float(headers[name]) for name in names if headers.get(name, "").isdecimal()]
    return min(numbers, default=None)
