"""Which stops put an image version away, and which say nothing about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fleetwright.domain.ailments import NO_AILMENT, Ailment, Sign
from fleetwright.domain.quarantine import (
    Quarantined,
    Release,
    find_quarantined,
    image_key,
    judge_version,
    why_quarantined,
)
from fleetwright.domain.records import RolloutRecord, RolloutSettings, RolloutView, SwapRecord
from fleetwright.domain.states import RolloutState, SwapState
from fleetwright.domain.thresholds import BEFORE_ROLLOUT, FAILED_INSTANCES, IN_ROLLOUT, TIMED_OUT, UPGRADED

NOW = datetime(2024, 6, 1, tzinfo=UTC)
FLEET = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/Web"
IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
SICK = Ailment(Sign.HEALTH)
BROKEN = Ailment(Sign.EXTENSION_FAILED, ("Script",))
BOTH_BROKEN = Ailment(Sign.EXTENSION_FAILED, ("Script", "Other"))
OTHER_BROKEN = Ailment(Sign.EXTENSION_FAILED, ("Other",))
NO_POWER = Ailment(Sign.POWER)
NOT_REPLACED = Ailment(Sign.NOT_REPLACED)
REFUSED = Ailment(Sign.REFUSED)


def swapped(
    state: SwapState = SwapState.ROLLED_BACK,
    suffered: Ailment = SICK,
    after_rollback: Ailment = NO_AILMENT,
    **more: str,
) -> SwapRecord:
    """One swapped instance that ran the new version; its words are such that nobody may decide by them."""
    found = {"new_disk_id": "new", "verdict_reason": "health is extension Script failed", **more}
    ailments = {"suffered": suffered, "after_rollback": after_rollback}
    return SwapRecord("0", 0, "1.0.0", "old", "1.0.1", state=state, **ailments, **found)


def ended(
    code: str = UPGRADED, *swaps: SwapRecord, state: RolloutState = RolloutState.FAULTED
) -> RolloutView:
    """A rollout that ended like this."""
    settings = RolloutSettings(FLEET, "1.0.1", image=IMAGE)
    rollout = RolloutRecord(
        "r1", settings, state=state, ended_at=NOW, reason_code=code, reason_message="too many"
    )
    return RolloutView(rollout, (), {str(n): swap for n, swap in enumerate(swaps)})


def test_a_version_whose_instances_went_bad_is_put_away() -> None:
    """Too many bad instances of the upgraded ones put the version away, with rollout, code and reason (R12)."""
    entry = judge_version(ended(UPGRADED, swapped()))

    expected = Quarantined(
        "canonical:ubuntuserver:18.04-lts", "1.0.1", NOW, "r1", FLEET.lower(), UPGRADED, "too many"
    )
    assert entry == expected


@pytest.mark.parametrize(
    ("suffered", "after_rollback", "put_away"),
    [
        (SICK, SICK, True),
        (BROKEN, BROKEN, False),
        (BROKEN, OTHER_BROKEN, True),
        (BROKEN, BOTH_BROKEN, False),
        (BOTH_BROKEN, BROKEN, True),
    ],
)
def test_a_failed_rollback_puts_the_version_away(
    suffered: Ailment, after_rollback: Ailment, put_away: bool
) -> None:
    """A failed rollback does too, unless one extension fails on both versions: its credential, say (C11, R36)."""
    view = ended(FAILED_INSTANCES, swapped(SwapState.ROLLBACK_FAILED, suffered, after_rollback))

    assert (judge_version(view) is not None) is put_away


@pytest.mark.parametrize("code", [BEFORE_ROLLOUT, IN_ROLLOUT, TIMED_OUT, "InternalExecutionError"])
def test_other_stops_say_nothing_about_the_version(code: str) -> None:
    """A set that is unhealthy for other reasons, and an Azure that does not end, put nothing away (R8, R14)."""
    assert judge_version(ended(code, swapped())) is None


@pytest.mark.parametrize("state", [RolloutState.COMPLETED, RolloutState.CANCELLED, RolloutState.HELD])
def test_only_a_stopped_rollout_puts_a_version_away(state: RolloutState) -> None:
    """A rollout that completed with one bad instance, or was cancelled, puts nothing away (R13)."""
    assert judge_version(ended(UPGRADED, swapped(), state=state)) is None


@pytest.mark.parametrize(
    "swap",
    [
        swapped(SwapState.UNHEALTHY, Ailment(Sign.NO_END), fatal="timed out"),
        swapped(SwapState.UNHEALTHY, NOT_REPLACED, new_disk_id=""),
        swapped(SwapState.UNHEALTHY, SICK, new_disk_id=""),
        swapped(SwapState.UNHEALTHY, SICK, fatal="data disks differ"),
        swapped(SwapState.UNHEALTHY, BROKEN),
        swapped(SwapState.UNHEALTHY, Ailment(Sign.GONE)),
        swapped(SwapState.UNHEALTHY, Ailment(Sign.PROTECTED)),
        swapped(SwapState.UNHEALTHY, NO_AILMENT),
    ],
)
def test_instances_that_prove_nothing(swap: SwapRecord) -> None:
    """A timeout, a swap that never took place, a scale-in, an extension without a second try and a record from before signs are no proof (R12)."""
    assert judge_version(ended(UPGRADED, swap)) is None
    assert judge_version(ended(UPGRADED, swap, swapped())) is not None


@pytest.mark.parametrize(
    ("state", "suffered", "after_rollback"),
    [
        (SwapState.ROLLBACK_FAILED, NO_POWER, REFUSED),
        (SwapState.ROLLBACK_FAILED, SICK, REFUSED),
        (SwapState.ROLLBACK_FAILED, BROKEN, REFUSED),
        (SwapState.ROLLBACK_FAILED, BROKEN, NO_POWER),
        (SwapState.ROLLBACK_FAILED, NOT_REPLACED, REFUSED),
        (SwapState.ROLLED_BACK, NO_POWER, NO_AILMENT),
        (SwapState.UNHEALTHY, NO_POWER, NO_AILMENT),
        (SwapState.UNHEALTHY, Ailment(Sign.PROVISIONING_UNSETTLED), NO_AILMENT),
    ],
)
@pytest.mark.parametrize("code", [UPGRADED, FAILED_INSTANCES])
def test_lost_power_and_refused_rollbacks_are_no_proof(
    code: str, state: SwapState, suffered: Ailment, after_rollback: Ailment
) -> None:
    """An instance without power, or one whose rollback Azure refused, says nothing about the version (R12, R14, C11)."""
    view = ended(code, swapped(state, suffered, after_rollback))

    assert judge_version(view) is None
    assert judge_version(ended(code, *view.swaps.values(), swapped())) is not None


@pytest.mark.parametrize(
    ("ailment", "put_away"), [(NO_POWER, False), (SICK, True), (BROKEN, False), (NO_AILMENT, False)]
)
def test_what_fell_ill_later_is_proof_only_with_power(ailment: Ailment, put_away: bool) -> None:
    """Instances that were healthy and are without power at the end put nothing away; ill ones that run do (R12, R38)."""
    view = ended(UPGRADED, swapped(SwapState.HEALTHY, NO_AILMENT))

    view = replace(view, rollout=replace(view.rollout, outcome={"fell_ill": {"0": ailment.to_dict()}}))

    assert (judge_version(view) is not None) is put_away


def test_an_extension_that_the_previous_version_runs_well_is_proof() -> None:
    """An extension that fails on the new version and not on the previous one speaks against the version (R32)."""
    assert judge_version(ended(UPGRADED, swapped(SwapState.ROLLED_BACK, BROKEN)))


def test_instances_that_fell_ill_later_are_proof() -> None:
    """Instances that were healthy at first and fell ill on the version put it away (R12, R38)."""
    assert judge_version(ended(UPGRADED, swapped(SwapState.HEALTHY, NO_AILMENT))) is not None


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        (IMAGE, "canonical:ubuntuserver:18.04-lts"),
        ({**IMAGE, "id": "/S/galleries/G/images/Web/versions/latest"}, "/s/galleries/g/images/web"),
        ({"communityGalleryImageId": "/CommunityGalleries/P/images/Web"}, "/communitygalleries/p/images/web"),
    ],
)
def test_the_key_of_an_image(reference: dict[str, str], key: str) -> None:
    """An image has one key in whatever case and with whatever version it is written (R26)."""
    assert image_key(reference) == key


def test_a_released_version_is_found_no_more() -> None:
    """A release ends the quarantine of the very image and version, and the line says how to release (R12)."""
    entry = judge_version(ended(UPGRADED, swapped()))
    assert entry is not None
    released = replace(entry, release=Release("on-call", "fixed", NOW))

    assert find_quarantined([entry, released], entry.image, "1.0.1") == (entry,)
    assert find_quarantined([entry], entry.image, "1.0.2") == ()
    assert find_quarantined([entry], "other", "1.0.1") == ()
    line = why_quarantined(entry)
    for word in (
        "r1",
        UPGRADED,
        f"fleetwright quarantine release {entry.image} 1.0.1 --by NAME --reason TEXT",
    ):
        assert word in line
