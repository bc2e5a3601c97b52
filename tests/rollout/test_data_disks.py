"""Data disks before and after each swap, on sets that Azure keeps in one call."""

from __future__ import annotations

from collections.abc import Callable

import requests
from rehearsals import TOKEN, Admin, Rehearsal, eventful, told
from worlds import FLEET_ID, world

Rehearse = Callable[..., Rehearsal]


def replace_all_disks(admin: Admin) -> None:
    """Somebody reimages instance 0 with its data disks."""
    answer = requests.post(
        f"{admin.url}{FLEET_ID}/reimageall?api-version=2024-07-01",
        json={"instanceIds": ["0"]},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    assert answer.status_code == 202, answer.text


def test_other_data_disks_after_a_swap_stop_the_rollout(rehearse: Rehearse) -> None:
    """Data disks that are other ones after the swap stop the rollout, and the reason names each with its LUN and caching (R5)."""
    rehearsal = rehearse(world(5, 0, updateDomains=1), clock=eventful((36, replace_all_disks)))

    view = rehearsal.run(trigger="manual")

    reported = told(view)
    assert (reported["status"], reported["reason"]["code"]) == (
        "Faulted",
        "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
    )
    reason = view.swaps["0"].verdict_reason
    assert "_disk2_" in reason
    assert "was at LUN 0, caching None and is lost" in reason
    assert "was not there and is at LUN 0, caching None" in reason
    assert rehearsal.admin.audit()["swaps"] == {"0": 1}
