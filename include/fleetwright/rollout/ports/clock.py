"""The clock of a rollout."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only way to know or to pass time; health, pauses and retries use it, leases never."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def wait_until(self, instant: datetime) -> None:
        """Return when ``now()`` is at or after the instant."""
        ...
