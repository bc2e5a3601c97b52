"""The real clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The time of the machine it runs on."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC)

    def wait_until(self, instant: datetime) -> None:
        """Sleep until the instant; one that has passed is no wait."""
        remaining = (instant - self.now()).total_seconds()
        if remaining > 0:
            time.sleep(remaining)

    async def wait_until_async(self, instant: datetime) -> None:
        """The same on an event loop, which is not blocked."""
        remaining = (instant - self.now()).total_seconds()
        if remaining > 0:
            await asyncio.sleep(remaining)
