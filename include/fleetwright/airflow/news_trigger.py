"""The trigger of the event-driven image watch: it polls, and wakes ``image_watch`` when a look would find something.

Its class path and arguments are stored in Airflow's database: plain JSON, no secrets. It keeps nothing between
two triggerers: whatever is still news then is told again, and a look that finds it done already does nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Hashable
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from fleetwright.airflow.connections import AZURE_CONNECTION

log = logging.getLogger(__name__)

News = list[dict[str, str]]
_NAMES = ("azure_conn_id", "image", "poll_seconds", "remind_seconds")


class ImageNewsTrigger(BaseEventTrigger):
    """Fires when there is something new; one poll serves every trigger of a connection.

    :param image: key of the only image whose news matter; empty for all
    :param poll_seconds: time between two polls
    :param remind_seconds: news that nobody has acted on are told again after so long
    """

    def __init__(
        self,
        *,
        azure_conn_id: str = AZURE_CONNECTION,
        image: str = "",
        poll_seconds: float = 60,
        remind_seconds: float = 1800,
    ) -> None:
        super().__init__()
        self.azure_conn_id = azure_conn_id
        self.image = image
        self.poll_seconds = poll_seconds
        self.remind_seconds = remind_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as Airflow stores them."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in _NAMES}

    def shared_stream_key(self) -> Hashable:
        """Every trigger of a connection and pace shares one poll, whatever image it is for."""
        return ("fleetwright image news", self.azure_conn_id, self.poll_seconds)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll alone, where streams are not shared."""
        _path, arguments = self.serialize()
        async for event in self.filter_shared_stream(self.open_shared_stream(arguments)):
            yield event

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[News]:
        """Poll for ever: an error is told, and the next poll comes."""
        while True:
            try:
                yield await cls._poll(kwargs["azure_conn_id"])
            except Exception as error:  # noqa: BLE001 - a watch that dies of one bad answer would miss all news
                log.warning(
                    "news could not be polled, the next poll comes in %g s: %s", kwargs["poll_seconds"], error
                )
            await asyncio.sleep(kwargs["poll_seconds"])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[News]) -> AsyncIterator[TriggerEvent]:
        """Fire for news that were not told yet, and for those that nobody has acted on for long."""
        told: News = []
        told_at = 0.0
        async for polled in shared_stream:
            news = [one for one in polled if self.image in {"", one["image"]}]
            now = asyncio.get_running_loop().time()
            if news and (news != told or now - told_at >= self.remind_seconds):
                told_at = now
                for one in news:
                    log.info("%s: %s", one["image"], one["words"])
                yield TriggerEvent({"news": news})
            told = news

    @staticmethod
    async def _poll(azure_conn_id: str) -> News:
        # Imported here: the DAG processor makes the trigger, and needs none of this.
        from fleetwright.airflow.watch_wiring import (  # noqa: PLC0415
            build_watch_ports_async,
            read_settings,
        )
        from fleetwright.phases.watch.news import find_news  # noqa: PLC0415

        plan, times = await asyncio.to_thread(read_settings)
        ports = await build_watch_ports_async(azure_conn_id)
        try:
            found = await asyncio.to_thread(find_news, ports, plan, times)
        finally:
            await asyncio.to_thread(ports.close)
        return [one.to_dict() for one in found]
