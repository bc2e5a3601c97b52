"""Azure's official client against our app: history, latest, start and cancel of sets that we orchestrate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from rehearsals import Rehearsal, eventful
from served import Served
from worlds import FLEET_ID, IMAGE, NEW, OLD, rolling_policy, sick, world

from fleetwright.domain.errors import HeldError

Rehearse = Callable[..., Rehearsal]
Serve = Callable[[Rehearsal], Served]


def test_a_manual_run_is_started_and_followed_to_its_end(rehearse: Rehearse, serve: Serve) -> None:
    """A start is a manual Airflow run to the newest version without rollback; its end ends the poll (R42, R43)."""
    app = serve(rehearse(world(2, 0)))

    poller = app.client().virtual_machine_scale_set_rolling_upgrades.begin_start_os_upgrade("shop", "web")
    run_id = app.airflow.only()
    view = app.carry_out(run_id)
    poller.result()

    conf = {"fleet": FLEET_ID, "version": "latest", "trigger": "manual", "rollback": False}
    assert app.airflow.runs[run_id]["conf"] == conf
    assert poller.status() == "Succeeded"
    assert view.rollout.settings.target_version == NEW
    assert app.rehearsal.admin.violations() == []


def test_history_by_the_client(rehearse: Rehearse, serve: Serve) -> None:
    """The history's entries are read by the official model, and are Azure's in shape and words (R39, R40, C6, C13)."""
    app = serve(rehearse(world(behaviours=[sick("7")])))
    app.rehearsal.run()

    (entry,) = app.client().virtual_machine_scale_sets.get_os_upgrade_history("shop", "web")

    assert entry.type == "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades"
    assert entry.location == "westeurope"
    assert entry.properties.running_status.code == "Completed"
    assert entry.properties.running_status.end_time > entry.properties.running_status.start_time
    assert entry.properties.started_by == "Platform"
    assert entry.properties.target_image_reference.version == NEW
    assert entry.properties.progress.successful_instance_count == 14
    assert entry.properties.rollback_info.successfully_rolledback_instance_count == 1


def test_history_keeps_five_entries(rehearse: Rehearse, serve: Serve) -> None:
    """The sixth oldest attempt of seven is gone, and one that had nothing to do is none (R39)."""
    app = serve(rehearse(world(1, 0)))
    for number in range(1, 8):
        app.rehearsal.admin.post("images", **IMAGE, version=f"18.04.2025{number:02}010")
        app.rehearsal.run()
    app.rehearsal.run()

    entries = list(app.client().virtual_machine_scale_sets.get_os_upgrade_history("shop", "web"))

    versions = [entry.properties.target_image_reference.version for entry in entries]
    assert versions == [f"18.04.2025{number:02}010" for number in (7, 6, 5, 4, 3)]


def test_latest_of_a_finished_upgrade(rehearse: Rehearse, serve: Serve) -> None:
    """Latest has the set's own policy, the last action and the counts, and the error of one that stopped (N9, C7)."""
    policy = rolling_policy(maxBatchInstancePercent=40, pauseTimeBetweenBatches="PT10S")
    app = serve(rehearse(world(5, 0, policy=policy, behaviours=[sick("0", "1")])))
    app.rehearsal.run()

    latest = app.client().virtual_machine_scale_set_rolling_upgrades.get_latest("shop", "web")

    assert latest.location == "westeurope"
    assert latest.properties.policy.max_batch_instance_percent == 40
    assert latest.properties.policy.pause_time_between_batches == "PT10S"
    assert latest.properties.running_status.code == "Faulted"
    assert latest.properties.running_status.last_action == "Start"
    assert latest.properties.running_status.last_action_time == latest.properties.running_status.start_time
    assert latest.properties.progress.failed_instance_count == 1
    assert latest.properties.error.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"


def test_latest_while_it_rolls_forward_and_back(rehearse: Rehearse, serve: Serve) -> None:
    """While it runs latest counts what is in progress, and says when it rolls back (R40, N26)."""
    seen: dict[int, tuple[str, int]] = {}

    def look(second: int) -> None:
        latest = app.client().virtual_machine_scale_set_rolling_upgrades.get_latest("shop", "web").properties
        seen[second] = (latest.running_status.code, latest.progress.in_progress_instance_count)

    clock = eventful(*((second, lambda _admin, s=second: look(s)) for second in (10, 345)))
    app = serve(rehearse(world(1, 0, behaviours=[sick("0")]), clock=clock))
    app.rehearsal.run()

    assert seen[10] == ("RollingForward", 1)
    assert seen[345][0] == "RollingBack"


def test_no_latest_before_the_first_upgrade(rehearse: Rehearse, serve: Serve) -> None:
    """A set that is ours and was never upgraded has no latest, and an empty history (R40)."""
    app = serve(rehearse(world(1, 0)))

    with pytest.raises(ResourceNotFoundError) as refused:
        app.client().virtual_machine_scale_set_rolling_upgrades.get_latest("shop", "web")

    assert refused.value.error.code == "ResourceNotFound"
    assert list(app.client().virtual_machine_scale_sets.get_os_upgrade_history("shop", "web")) == []


def test_a_running_upgrade_is_cancelled(rehearse: Rehearse, serve: Serve) -> None:
    """A cancel ends the rollout after its batch; its operation ends with the rollout, latest tells both (R42, N12)."""
    pollers = []

    def cancel(_admin: object) -> None:
        pollers.append(app.client().virtual_machine_scale_set_rolling_upgrades.begin_cancel("shop", "web"))
        assert pollers[0].status() == "InProgress"

    app = serve(rehearse(world(), clock=eventful((10, cancel))))
    view = app.rehearsal.run()
    pollers[0].result()

    latest = app.client().virtual_machine_scale_set_rolling_upgrades.get_latest("shop", "web").properties
    assert pollers[0].status() == "Succeeded"
    assert view.rollout.state == "Cancelled"
    assert len(view.batches) == 1
    assert (latest.running_status.code, latest.running_status.last_action) == ("Cancelled", "Cancel")
    assert app.rehearsal.admin.audit()["imageVersions"].keys() == {OLD, NEW}
    assert app.rehearsal.admin.violations() == []


def test_a_start_is_taken_back_before_its_run_has_the_fleet(rehearse: Rehearse, serve: Serve) -> None:
    """A cancel of a run still queued is accepted; the run ends as cancelled, nobody swapped; later ones go on (R42, N12)."""
    app = serve(rehearse(world(2, 0)))
    upgrades = app.client().virtual_machine_scale_set_rolling_upgrades
    start = upgrades.begin_start_os_upgrade("shop", "web")
    cancel = upgrades.begin_cancel("shop", "web")
    assert cancel.status() == "InProgress"

    view = app.carry_out(app.airflow.only())
    cancel.result()

    latest = upgrades.get_latest("shop", "web").properties
    assert (view.rollout.state, view.batches) == ("Cancelled", ())
    assert "POST rollingUpgrades/cancel" in view.rollout.reason_message
    assert cancel.status() == "Succeeded"
    with pytest.raises(HttpResponseError):
        start.result()
    assert start.status() == "Canceled"
    assert (latest.running_status.code, latest.running_status.last_action) == ("Cancelled", "Cancel")
    upgrades.begin_start_os_upgrade("shop", "web")
    assert app.carry_out(list(app.airflow.runs)[-1]).rollout.state == "Completed"


def test_nothing_to_cancel(rehearse: Rehearse, serve: Serve) -> None:
    """Without an ongoing upgrade a cancel is refused with 409 and Azure's own message (N12)."""
    app = serve(rehearse(world(1, 0)))
    app.rehearsal.run()

    with pytest.raises(HttpResponseError) as refused:
        app.client().virtual_machine_scale_set_rolling_upgrades.begin_cancel("shop", "web")

    assert refused.value.status_code == 409
    assert refused.value.error.code == "OperationNotAllowed"
    assert refused.value.error.message == "There is no ongoing Rolling Upgrade to cancel."


def test_a_second_start_is_refused(rehearse: Rehearse, serve: Serve) -> None:
    """While a run is queued, and while the ledger has a rollout under way, a start is refused (R42)."""
    refusals = []

    def again(_admin: object = None) -> None:
        with pytest.raises(ResourceExistsError) as refused:
            app.client().virtual_machine_scale_set_rolling_upgrades.begin_start_os_upgrade("shop", "web")
        refusals.append(refused.value.error)

    app = serve(rehearse(world(2, 0), clock=eventful((10, again))))
    app.client().virtual_machine_scale_set_rolling_upgrades.begin_start_os_upgrade("shop", "web")
    again()
    app.airflow.runs.clear()
    app.rehearsal.run()

    assert [error.code for error in refusals] == ["OperationNotAllowed"] * 2
    assert "Airflow run api__web__" in refusals[0].message
    assert "held by first" in refusals[1].message
    assert app.airflow.runs == {}


def test_a_held_run_fails_with_its_reasons(rehearse: Rehearse, serve: Serve) -> None:
    """A run whose fleet was held, green in Airflow, is a failed operation with every reason (O3)."""
    app = serve(rehearse(world(2, 0)))
    poller = app.client().virtual_machine_scale_set_rolling_upgrades.begin_start_os_upgrade("shop", "web")
    app.rehearsal.admin.patch({"tags": {"fleetwright": "off"}})

    with pytest.raises(HeldError):
        app.carry_out(app.airflow.only())
    app.airflow.move(app.airflow.only(), "success", validate="skipped")

    with pytest.raises(HttpResponseError) as failed:
        poller.result()
    assert failed.value.error.code == "OperationNotAllowed"
    assert "held: web is opted out" in failed.value.error.message


def test_a_run_that_stops_fails_with_azures_code(rehearse: Rehearse, serve: Serve) -> None:
    """A rollout that stops ends the operation with its code; an unhealthy instance keeps its new disk (R43, R12)."""
    app = serve(rehearse(world(2, 0, behaviours=[sick("0")])))
    poller = app.client().virtual_machine_scale_set_rolling_upgrades.begin_start_os_upgrade("shop", "web")
    app.carry_out(app.airflow.only(), health_timeout_seconds=20)

    with pytest.raises(HttpResponseError) as failed:
        poller.result()

    assert failed.value.error.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert app.rehearsal.admin.audit()["rollbacks"] == {}
    (entry,) = app.client().virtual_machine_scale_sets.get_os_upgrade_history("shop", "web")
    assert entry.properties.started_by == "User"
    assert entry.properties.rollback_info.successfully_rolledback_instance_count == 0
