"""The trigger of the event-driven watch: what Airflow stores of it, one poll for many, and errors that it outlives."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import AssetOrTimeSchedule, DeltaTriggerTimetable
from airflow.sdk._shared.module_loading import import_string
from airflow.triggers.base import TriggerEvent
from airflow.triggers.shared_stream import SharedStreamManager
from small_worlds import NEW, Emulated, world

from fleetwright.airflow.news_trigger import ImageNewsTrigger, News
from fleetwright.airflow.watch_schedule import watch_schedule
from fleetwright.domain.errors import ConfigurationError

UBUNTU, OTHER = "canonical:ubuntuserver:18.04-lts", "contoso:web:1"
PHASES = "regions: {westeurope: {pair: null}}\nphases: [{name: canary, regions: [westeurope]}]\n"


def news(*images: str) -> News:
    """One piece of news of each image."""
    return [{"image": image, "words": "new"} for image in images]


async def polled(*answers: News) -> AsyncIterator[News]:
    """A stream that answers so, poll after poll."""
    for answer in answers:
        yield answer


async def gather(trigger: ImageNewsTrigger, *answers: News) -> list[Any]:
    """The payloads that the trigger fires."""
    return [event.payload["news"] async for event in trigger.filter_shared_stream(polled(*answers))]


async def first_of(stream: AsyncIterator[TriggerEvent]) -> TriggerEvent:
    """The first event of a trigger."""
    async for event in stream:
        return event
    raise AssertionError("the trigger fired nothing")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Phases of one region, and no delays."""
    (tmp_path / "phases.yaml").write_text(PHASES)
    (tmp_path / "watch.yaml").write_text("{publicationDelay: PT0S, enablementDelay: PT0S}\n")
    monkeypatch.setenv("FLEETWRIGHT_PHASES", str(tmp_path / "phases.yaml"))
    monkeypatch.setenv("FLEETWRIGHT_WATCH_FILE", str(tmp_path / "watch.yaml"))


def test_airflow_stores_plain_json() -> None:
    """A trigger that was stored and made again is the same, and holds no secret (R1)."""
    trigger = ImageNewsTrigger(azure_conn_id="other", image=UBUNTU, poll_seconds=2, remind_seconds=9)
    path, arguments = trigger.serialize()
    again = import_string(path)(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)


def test_watchers_of_one_connection_share_one_poll() -> None:
    """Whatever image they are for; another connection or pace has its own (R1)."""
    mine, other = ImageNewsTrigger(image=UBUNTU), ImageNewsTrigger(image=OTHER)
    assert mine.shared_stream_key() == other.shared_stream_key()
    assert mine.shared_stream_key() != ImageNewsTrigger(azure_conn_id="b").shared_stream_key()
    assert mine.shared_stream_key() != ImageNewsTrigger(poll_seconds=5).shared_stream_key()


def test_news_are_told_once_and_again_when_they_change() -> None:
    """The same news at every poll wake the watch once; more of them wake it again (R2)."""
    told = asyncio.run(
        gather(ImageNewsTrigger(), [], news(UBUNTU), news(UBUNTU), news(UBUNTU, OTHER), [], news(UBUNTU))
    )
    assert [len(one) for one in told] == [1, 2, 1]


def test_news_that_nobody_acts_on_are_told_again() -> None:
    """A watch that failed is woken again after the cadence (R1)."""
    trigger = ImageNewsTrigger(remind_seconds=0)
    assert len(asyncio.run(gather(trigger, news(UBUNTU), news(UBUNTU)))) == 2


def test_a_watcher_of_one_image_hears_of_no_other() -> None:
    """Out of the shared poll each takes its own image's news (R1)."""
    mine = asyncio.run(gather(ImageNewsTrigger(image=UBUNTU), news(OTHER), news(UBUNTU, OTHER)))
    assert mine == [news(UBUNTU)]


def test_several_watchers_cost_one_poll(
    monkeypatch: pytest.MonkeyPatch, emulator: Emulated, ledger_url: str, settings: None
) -> None:
    """Airflow's own shared streams: two watchers, one listing of the sets, both fire (R41)."""
    emulator.serve(world())
    before = len(emulator.calls())

    async def both() -> list[TriggerEvent]:
        manager = SharedStreamManager(cohort_grace_period=0)
        triggers = [ImageNewsTrigger(image=UBUNTU, poll_seconds=3600), ImageNewsTrigger(poll_seconds=3600)]
        streams = [
            one.filter_shared_stream(
                manager.subscribe(trigger_id=number, trigger=one, key=one.shared_stream_key())
            )
            for number, one in enumerate(triggers)
        ]
        try:
            return await asyncio.gather(*(asyncio.wait_for(first_of(stream), 30) for stream in streams))
        finally:
            await manager.stop_all()

    events = asyncio.run(both())

    assert [any(NEW in one["words"] for one in event.payload["news"]) for event in events] == [True, True]
    lists = [c for c in emulator.calls()[before:] if c["path"].endswith("/virtualMachineScaleSets")]
    assert len(lists) == 1


def test_a_poll_that_fails_is_not_the_last(
    emulator: Emulated, ledger_url: str, settings: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Azure refuses a poll: it is said, and the next one finds the news; alone, too, without a shared stream (R1)."""
    emulator.serve(world())
    emulator._send(
        "POST",
        "faults",
        {
            "match": {"method": "GET", "path": "*/virtualMachineScaleSets"},
            "effect": {"status": 403, "code": "AuthorizationFailed"},
            "times": 2,
        },
    )

    with caplog.at_level(logging.WARNING, "fleetwright"):
        event = asyncio.run(asyncio.wait_for(first_of(ImageNewsTrigger(poll_seconds=0).run()), 60))

    assert any(NEW in one["words"] for one in event.payload["news"])
    assert "news could not be polled, the next poll comes in 0 s" in caplog.text
    assert "AuthorizationFailed" in caplog.text


def test_the_watch_waits_for_events_where_that_is_switched_on() -> None:
    """By time alone as it is; with the switch on both, so that a dead triggerer stops no look (R29)."""
    usual = watch_schedule(environment={})
    events = watch_schedule(environment={"FLEETWRIGHT_WATCH": "events"})

    assert isinstance(usual, DeltaTriggerTimetable)
    assert isinstance(events, AssetOrTimeSchedule)
    (asset,) = events.asset_condition.objects
    (watcher,) = asset.watchers
    assert (asset.name, watcher.trigger.poll_seconds) == ("image_news", 60)


def test_another_value_of_the_switch_is_refused() -> None:
    """The error names the variable, its value and what would be right (R29)."""
    with pytest.raises(
        ConfigurationError, match="FLEETWRIGHT_WATCH is 'minutes'; it must be events, or times"
    ):
        watch_schedule(environment={"FLEETWRIGHT_WATCH": "minutes"})
