"""Disks that swaps and rollbacks left behind: whose they are, and whether anybody needs them."""

from __future__ import annotations

from dataclasses import replace

from fleet_builders import (
    NOW,
    accepted,
    after,
    intended,
    judged,
    replaced,
    rollback_intended,
    sending,
    settled,
    started,
    told,
)

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.journal import fold
from fleetwright.domain.leftovers import list_leftovers
from fleetwright.domain.records import RolloutView


def keeping(event: Event) -> Event:
    """The batch of a set that keeps its old disks."""
    swaps = [{**swap, "preserves_disk": True} for swap in event.payload["swaps"]]
    return replace(event, payload={**event.payload, "swaps": swaps})


def swept_by(view: RolloutView, **disks: list[str]) -> RolloutView:
    """The view once these disks are gone; instance 0 is written ``i0``."""
    gone = {name[1:]: ids for name, ids in disks.items()}
    return fold([told(EventKind.SWEPT, disks=gone)], view)


BEGUN = (started(), keeping(intended(0, 1)), sending(0, 1), accepted(0, 1), replaced(0, 1))
GOOD = (*BEGUN, judged(0, "healthy"), judged(1, "healthy"))
BAD = (*BEGUN, judged(0, "healthy"), judged(1, "unhealthy", "health is unhealthy"))


def summary(*views: RolloutView) -> list[tuple[str, str, bool]]:
    """Instance, disk and whether it is needed."""
    return [(one.instance_id, one.disk_id, one.is_needed) for one in list_leftovers(views)]


def test_old_disk_is_needed_until_its_batch_is_over() -> None:
    """O7: healthy is not enough: the previous disk is in the way only once the batch is settled."""
    old = {i: fold(GOOD).swaps[i].old_disk_id for i in ("0", "1")}

    assert summary(fold(GOOD)) == [("0", old["0"], True), ("1", old["1"], True)]
    assert summary(fold((*GOOD, settled()))) == [("0", old["0"], False), ("1", old["1"], False)]


def test_leftover_names_owner_fleet_since_and_why() -> None:
    """O7: each disk says which rollout owns it, of which fleet, since when and why."""
    view = fold((*GOOD, settled()))

    first = list_leftovers([view])[0]

    assert (first.rollout_id, first.fleet_id) == (view.rollout.rollout_id, view.rollout.settings.fleet_id)
    assert first.since == view.swaps["0"].ended_at
    assert first.why == f"replaced by the upgrade to {view.swaps['0'].new_version}"


def test_disk_of_who_is_not_confirmed_is_never_free() -> None:
    """R43, O7: an unhealthy instance keeps its previous disk, also after the end of the batch."""
    view = fold((*BAD, settled()))

    needed = [one for one in list_leftovers([view]) if one.is_needed]

    assert [one.instance_id for one in needed] == ["1"]
    assert needed[0].why == "previous disk of 1, which is not confirmed (unhealthy)"


def test_bad_disk_of_a_rollback_is_left_behind() -> None:
    """R11, O7: a rollback that went well leaves the new disk, and needs the old one on its instance."""
    back = (
        *BAD,
        rollback_intended(1),
        accepted(1, url="https://arm/op/2", state="rollback accepted"),
        replaced(1, disk="old", state=None, now=after(60)),
        judged(1, "rolled back"),
        settled(),
    )
    view = fold(back)

    assert ("1", view.swaps["1"].new_disk_id, False) in summary(view)
    assert view.swaps["1"].old_disk_id not in [disk for _, disk, _ in summary(view)]


def test_swept_disk_is_told_once_and_after_the_end_too() -> None:
    """O7: what is gone is not listed again, however often its sweep is told."""
    view = fold((*GOOD, settled()))
    gone = swept_by(view, i0=[view.swaps["0"].old_disk_id])

    assert [instance for instance, _, _ in summary(gone)] == ["1"]
    assert swept_by(gone, i0=[view.swaps["0"].old_disk_id]) == gone


def test_later_rollout_frees_the_disk_of_an_earlier_one() -> None:
    """O7: once a later rollout has confirmed the instance, the disk that an earlier one kept is in the way."""
    earlier, later = fold((*BAD, settled())), fold((*GOOD, settled()))
    later = replace(
        later,
        swaps={i: replace(swap, old_disk_id=f"/disks/second-{i}") for i, swap in later.swaps.items()},
    )

    found = list_leftovers([later, earlier])

    assert not any(one.is_needed for one in found)
    assert "a later rollout confirmed its instance on another disk" in [one.why for one in found]


def test_disk_that_one_rollout_needs_is_free_for_no_other() -> None:
    """O7: a disk that somebody put back by hand and that is swapped again belongs to the newer swap."""
    earlier = fold((*GOOD, settled()))
    now = fold(BAD)

    assert all(one.is_needed for one in list_leftovers([now, earlier]))


def test_a_set_that_keeps_no_disk_leaves_none_behind() -> None:
    """O7: a Uniform set's swaps are no leftovers."""
    plain = (started(), intended(0), sending(0), accepted(0), replaced(0), judged(0, "healthy"), settled())

    assert list_leftovers([fold(plain)]) == ()
    assert plain[0].happened_at == NOW


def test_rollback_tells_the_disk_that_nobody_had_seen() -> None:
    """O7: a new disk that was never read before the rollback is written down with the intent, so that it can be swept."""
    unseen = (started(), keeping(intended(0)), sending(0), accepted(0), judged(0, "unhealthy", "late"))
    intent = told(EventKind.ROLLBACK_INTENDED, instances=["0"], disks={"0": "/disks/unseen"})

    assert fold((*unseen, intent)).swaps["0"].new_disk_id == "/disks/unseen"
