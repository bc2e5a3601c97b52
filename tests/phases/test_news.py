"""What wakes the event-driven watch: whatever a look would act on, without a trace."""

from __future__ import annotations

from travel_fixtures import Keep
from voyages import NORTH, fleet_id, published, scale_set, sea
from worlds import NEW, NEWER

from fleetwright.domain.seen_images import WatchTimes


def test_news_are_what_a_look_would_act_on(vigil: Keep) -> None:
    """A version that was not seen, and a fleet that was enabled; after the look there is none (R1, R29)."""
    watch = vigil(sea(scale_set("web")))

    before = {one.words for one in watch.news()}
    watch.look()
    watch.look()

    assert "web has been enabled" in before
    assert f"{NEW} was not seen before" in before
    assert f"{NEW} is due" in before
    assert watch.news() == ()


def test_asking_for_news_leaves_no_trace(vigil: Keep) -> None:
    """Nothing is written by a poll: the look finds everything as new as it is (R1)."""
    watch = vigil(sea(scale_set("web")))
    assert watch.news() == watch.news() != ()
    assert watch.watch_ports().ledger.list_seen_versions() == ()


def test_a_version_is_news_again_when_it_falls_due(vigil: Keep) -> None:
    """With a delay, it is news when it is seen, none while it waits, and news when its time has come (R29)."""
    watch = vigil(sea(scale_set("web")), times=WatchTimes())
    watch.look()
    waiting = watch.news()
    watch.clock.wait_until(watch.clock.now() + WatchTimes().publication_delay)
    assert waiting == ()
    assert [one.words for one in watch.news()] == [f"{NEW} is due"]


def test_what_is_not_confirmed_wakes_the_watch_once_more(vigil: Keep) -> None:
    """The look after the announcement confirms it, and there is no news from then on (R1)."""
    watch = vigil(sea(scale_set("web")))
    watch.look()
    assert [one.words for one in watch.news()] == [
        f"{NEW} was announced, and nothing shows yet that it arrived"
    ]
    watch.look()
    assert watch.news() == ()


def test_a_late_fleet_is_news(vigil: Keep) -> None:
    """A fleet that stands behind what its phase has proven wakes the watch (R29)."""
    watch = vigil(sea(scale_set("web"), scale_set("late", tags={})))
    watch.sail(published(NEW))
    watch.look()
    watch.look()
    watch.admin.fleet_id = fleet_id("late")
    watch.admin.patch({"tags": {"fleetwright": "enabled"}})
    assert [one.words for one in watch.news()] == ["late has been enabled"]
    watch.watch_ports().ledger.note_fleets(
        [fleet_id("web").lower(), fleet_id("late").lower()], now=watch.clock.now()
    )
    assert [one.words for one in watch.news()] == [f"late is behind {NEW}"]


def test_one_poll_asks_each_image_and_region_once(vigil: Keep) -> None:
    """A list of the sets, one of Batch accounts, a question for each image and region, however many sets there are (R41)."""
    watch = vigil(sea(*(scale_set(f"s{i}", ("westeurope", NORTH)[i % 2], n=1) for i in range(6))))
    before = len(watch.asked())
    watch.publish(NEWER)
    watch.news()
    asked = [call for call in watch.asked()[before:] if "_emulator" not in call]
    assert [call for call in asked if call.endswith("/batchAccounts")] == asked[1:2]
    assert len(asked) == 4
