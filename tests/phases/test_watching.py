"""The image watch over platform images: what it announces, when, and what it says, over HTTP in virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from travel_fixtures import Keep
from vigils import AT_ONCE, HALF_HOUR, words
from voyages import EAST, MINUTE, NORTH, WEST, fleet_id, phase, plan_of, published, scale_set, sea
from worlds import NEW, NEWER, OLD

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.quarantine import Quarantined
from fleetwright.domain.seen_images import Outlook, WatchTimes

MONTHLY = WatchTimes()
REGIONS = (
    *("westeurope", "northeurope", "eastus", "westus", "eastus2", "centralus", "westus2", "westus3"),
    *("southcentralus", "northcentralus", "westcentralus", "eastasia", "southeastasia", "japaneast"),
    *("japanwest", "koreacentral", "koreasouth", "uksouth", "ukwest", "francecentral"),
)


def test_a_new_version_is_announced_once(vigil: Keep) -> None:
    """The newest published version of an image that our fleets use becomes one announcement (R1, R2, R41, C15)."""
    watch = vigil(sea(scale_set("web")))

    first, second = watch.look(), watch.look()

    assert watch.listeners.heard == [published(NEW)]
    assert words(first) == f"{NEW} is announced"
    assert words(second).startswith(f"nothing new: {NEW} was announced at 2024-06-01 00:00 UTC")
    assert any("/artifacttypes/vmimage/offers/UbuntuServer/" in call for call in watch.asked())


def test_a_publication_is_announced_whenever_it_comes(vigil: Keep) -> None:
    """Platform images come monthly or at any time: each publication counts, and only the newest of several (R2, R50, C15)."""
    watch = vigil(sea(scale_set("web"), versions=(OLD,)))
    watch.look()

    watch.publish(NEW)
    watch.publish(NEWER)
    watch.look()

    assert watch.listeners.heard == [published(OLD), published(NEWER)]
    left = {r.publication.version: r.left_reason for r in watch.watch_ports().ledger.list_seen_versions()}
    assert left[NEW] == f"passed over: {NEWER} came before it was seen"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(published_at=st.integers(0, 90 * 60), offset=st.integers(0, 29 * 60))
def test_later_rollouts_begin_30_to_60_minutes_after_publication(
    vigil: Keep, published_at: int, offset: int
) -> None:
    """Whenever it is published and wherever the half hours lie, on a moved clock (R29, C16)."""
    watch = vigil(sea(scale_set("web"), versions=(OLD,)), times=MONTHLY)
    start = watch.clock.now()
    watch.clock.wait_until(start + timedelta(seconds=offset))
    watch.watch_until(watch.clock.now())
    next_look, due = watch.clock.now(), start + timedelta(seconds=published_at)
    while next_look < due:
        watch.watch_until(next_look)
        next_look = watch.clock.now()
    if due > next_look - HALF_HOUR:
        watch.clock.wait_until(due)
    at = watch.publish(NEW)
    watch.clock.wait_until(next_look)

    when = watch.watch_until(next_look + timedelta(hours=2))

    assert 30 * MINUTE <= when[published(NEW).key] - at <= 60 * MINUTE


def test_a_scheduler_that_is_late_costs_seconds_and_no_half_hour(vigil: Keep) -> None:
    """What falls due within two minutes is waited for, so that a look a second too early loses nothing (R29)."""
    watch = vigil(sea(scale_set("web"), versions=(OLD, NEW)), times=MONTHLY)
    begun = watch.clock.now()
    watch.look()

    watch.clock.wait_until(begun + HALF_HOUR - timedelta(seconds=90))
    watch.look()

    assert watch.listeners.heard == [published(NEW)]
    assert begun + HALF_HOUR <= watch.clock.now() <= begun + HALF_HOUR + timedelta(seconds=5)


def test_a_version_waits_for_every_region_of_the_first_phase_with_fleets(vigil: Keep) -> None:
    """A canary phase where one region lacks the version would prove nothing there; it is said what is waited for (R41, R45)."""
    plan = plan_of(phase(0, EAST), phase(1, WEST, NORTH, name="early"))
    world = sea(scale_set("web"), scale_set("api", NORTH), versions=(OLD,))
    watch = vigil(world, plan=plan)
    watch.look()
    watch.publish(NEW, WEST)

    waiting = watch.look()
    watch.publish(NEW, WEST, NORTH)
    watch.look()

    expected = f"{NEW} waits until northeurope lists it: phase_1_early has fleets there"
    assert expected in words(waiting)
    assert watch.listeners.heard == [published(OLD), published(NEW)]


def test_a_version_that_only_a_later_phases_region_lists_is_told(vigil: Keep) -> None:
    """Whoever asks why a version does not travel reads which region of the first phase lacks it (R41, R45, C16)."""
    watch = vigil(sea(scale_set("web"), scale_set("api", NORTH), versions=(OLD,)))
    watch.look()
    watch.publish(NEW, NORTH)

    waiting = watch.look()

    assert f"{NEW} waits until westeurope lists it: phase_0_westeurope has fleets there" in words(waiting)
    assert watch.listeners.heard == [published(OLD)]


def test_fleets_of_later_phases_hold_nothing_back(vigil: Keep) -> None:
    """A region of a later phase may list the version later (R45)."""
    watch = vigil(sea(scale_set("web"), scale_set("far", EAST), versions=(OLD,)))
    watch.publish(NEW, WEST)
    watch.look()
    assert watch.listeners.heard == [published(NEW)]


@pytest.mark.parametrize(
    ("tags", "model"),
    [({}, "latest"), ({"fleetwright": "disabled"}, "latest"), (None, OLD)],
    ids=["no tag", "opted out", "pinned"],
)
def test_nobody_who_is_not_ours_triggers_anything(
    vigil: Keep, tags: dict[str, str] | None, model: str
) -> None:
    """Opted out, or pinned to a version: no catalogue is asked and nothing is announced (R4, R15, O3)."""
    watch = vigil(sea(scale_set("web", tags=tags, version=model)))

    found = watch.look()

    assert (found.findings, watch.listeners.heard) == ((), [])
    assert found.further_lines() == ("no fleet of ours follows the latest version of an image",)
    assert not any("/artifacttypes/" in call for call in watch.asked())


def test_opting_out_stops_the_next_publication(vigil: Keep) -> None:
    """The owner opts out in mid-life: the next publication triggers nothing (R4, O3)."""
    watch = vigil(sea(scale_set("web")))
    watch.look()

    watch.admin.fleet_id = fleet_id("web")
    watch.admin.patch({"tags": {"fleetwright": "disabled"}})
    watch.publish(NEWER)
    watch.look()

    assert watch.listeners.heard == [published(NEW)]


def test_a_set_that_azure_upgrades_itself_is_not_watched(vigil: Keep) -> None:
    """Behind Azure, the flag without the deferral means that Azure upgrades it: it counts for nothing (O2)."""
    policy = {"mode": "Manual", "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
    watch = vigil(sea(scale_set("web", tags={}, policy=policy)))

    found = watch.look(replace(watch.watch_ports(), requires_deferral=True))

    assert found.findings == ()


def test_a_quarantined_version_is_not_announced(vigil: Keep) -> None:
    """A version that did harm goes nowhere by itself, with the reason and the way to release it (R45)."""
    watch = vigil(sea(scale_set("web")))
    key = published(NEW)
    now = watch.clock.now()
    watch.watch_ports().ledger.quarantine(
        Quarantined(key.image, key.version, now, "r-1", fleet_id("web"), "Failed", "three instances are ill")
    )

    found = watch.look()

    assert watch.listeners.heard == []
    assert "quarantined" in words(found)
    assert "fleetwright quarantine release" in words(found)


def test_nothing_is_announced_to_a_paused_dag(vigil: Keep) -> None:
    """An event that a paused DAG does not hear is lost: it is said loudly, and announced at the first look after (R1)."""
    watch = vigil(sea(scale_set("web")))
    watch.listeners.deaf = "phase_0_westeurope is paused: unpause it"

    paused = watch.look()
    watch.listeners.deaf = ""
    watch.look()

    (finding,) = paused.findings
    assert finding.outlook is Outlook.BLOCKED
    assert finding.words == f"{NEW} is NOT announced: phase_0_westeurope is paused: unpause it"
    assert watch.listeners.heard == [published(NEW)]


def test_a_dag_that_is_paused_right_before_the_announcement_loses_nothing(vigil: Keep) -> None:
    """Between the look and the announcement it is looked at once more (R1)."""
    from fleetwright.phases.watch.watching import announce

    watch = vigil(sea(scale_set("web")))
    ports = watch.watch_ports()
    watch.listeners.deaf = "phase_0_westeurope is paused: unpause it"
    made = announce(ports, watch.listeners, [published(NEW)])
    watch.listeners.deaf = ""
    watch.look()
    assert (made, watch.listeners.heard) == ((), [published(NEW)])


def test_one_region_that_fails_holds_only_its_own_images_back(vigil: Keep) -> None:
    """An error of one region is told, and every other image goes on (R41)."""
    fails = {
        "match": {"method": "GET", "path": f"*/locations/{WEST}/*"},
        "effect": {"status": 403, "code": "AuthorizationFailed"},
    }
    watch = vigil(sea(scale_set("web"), faults=(fails,)))

    found = watch.look()

    assert watch.listeners.heard == []
    assert "westeurope cannot be read" in words(found)
    assert found.findings[0].outlook is Outlook.WAITS


def test_fleets_that_cannot_be_listed_fail_the_look(vigil: Keep) -> None:
    """An error while asking means no: nobody is taken for opted out because a list failed (R29)."""
    watch = vigil(sea(scale_set("web")), times=MONTHLY)
    watch.look()
    watch.admin.post(
        "faults",
        match={"method": "GET", "path": "*/virtualMachineScaleSets"},
        effect={"status": 403, "code": "AuthorizationFailed"},
    )

    with pytest.raises(ProviderError):
        watch.look()

    (fleet,) = watch.watch_ports().ledger.list_seen_fleets().values()
    assert fleet.enabled_at is not None


def test_fleets_of_no_phase_are_named(vigil: Keep) -> None:
    """A fleet that nothing upgrades is nobody's surprise later (R45)."""
    watch = vigil(sea(scale_set("web"), scale_set("lost", "brazilsouth")))
    assert watch.look().further_lines() == ("no phase has lost: nothing upgrades them",)


def test_a_look_says_everything_as_json(vigil: Keep) -> None:
    """The summary of a run holds what every image came to (R1)."""
    told = vigil(sea(scale_set("web"))).look().to_dict()
    assert told["announce"] == [published(NEW).key]
    assert told["images"][0]["outlook"] == "announced"
    assert (told["start"], told["late"], told["fleetsWithoutPhase"]) == ([], [], [])


def test_a_look_costs_one_list_and_one_question_for_each_image_and_region(vigil: Keep) -> None:
    """Of 1,000 sets in twenty regions: five pages of sets, a list of Batch accounts, a list of versions a region (R41)."""
    watch = vigil(sea(*(scale_set(f"s{i}", REGIONS[i % 20], n=1) for i in range(1000))))
    watch.look()
    before = len(watch.asked())

    watch.look()

    asked = watch.asked()[before:]
    lists = [call for call in asked if "virtualMachineScaleSets" in call]
    assert len(lists) == 1000 // 200, asked
    assert len([call for call in asked if call.endswith("/batchAccounts")]) == 1
    assert len(asked) == len(lists) + 1 + len(REGIONS)


def test_at_once_is_a_setting(vigil: Keep) -> None:
    """The delays are data: with none, what is seen is announced at the same look (R29)."""
    watch = vigil(sea(scale_set("web")), times=AT_ONCE)
    begun = watch.clock.now()
    assert watch.watch_until(begun)[published(NEW).key] - begun < MINUTE
