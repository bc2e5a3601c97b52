"""Azure's official client starts a rollout, watches it and reads its history: our app in front of a real Airflow."""

from __future__ import annotations

import time

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from staged import Staged, eventually

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright_demo.layout import free_port
from fleetwright_demo.serving import serve, token_file

pytestmark = pytest.mark.airflow


class _Credential:
    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)


class _Bearer(SansIOHTTPPolicy):  # type: ignore[type-arg]
    """Stands in for the client's own policy, which sends tokens over https only."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def on_request(self, request: PipelineRequest) -> None:
        request.http_request.headers["Authorization"] = f"Bearer {self.token}"


@pytest.fixture(scope="module")
def app(staged: Staged) -> str:
    """``fleetwright serve`` beside the stage's Airflow, which ends it; its URL."""
    return serve(staged.stage, free_port())


def official_client(staged: Staged, app: str) -> ComputeManagementClient:
    """Azure's client of the app."""
    token = token_file(staged.stage).read_text()
    return ComputeManagementClient(
        _Credential(token),
        parse_fleet_id(staged.fleet("called")).subscription,
        base_url=app,
        authentication_policy=_Bearer(token),
        polling_interval=1,
    )


def test_a_rollout_by_the_official_client(staged: Staged, app: str) -> None:
    """A start is a manual Airflow run, its poll ends with the rollout, latest and history tell it (R39, R40, R42, R43)."""
    fleet = parse_fleet_id(staged.fleet("called"))
    client = official_client(staged, app)
    upgrades = client.virtual_machine_scale_set_rolling_upgrades
    where = (fleet.resource_group, fleet.name)

    poller = upgrades.begin_start_os_upgrade(*where)
    # A second one is refused while the first is queued or under way.
    with pytest.raises(Exception, match="Another rolling upgrade of this scale set is in progress"):
        upgrades.begin_start_os_upgrade(*where)
    eventually("the operation's end", poller.done)

    latest = upgrades.get_latest(*where).properties
    (entry,) = client.virtual_machine_scale_sets.get_os_upgrade_history(*where)
    assert poller.status() == "Succeeded"
    assert latest.running_status.code == "Completed"
    assert latest.progress.successful_instance_count == 2
    assert entry.properties.started_by == "User"
    assert entry.properties.progress.successful_instance_count == 2
    assert staged.broken_rules("called") == []
    with pytest.raises(Exception, match=r"There is no ongoing Rolling Upgrade to cancel\."):
        upgrades.begin_cancel(*where)


def test_a_start_is_cancelled_at_once(staged: Staged, app: str) -> None:
    """Who cancels right after the 202, while the run is queued, gets a cancelled rollout and no swap (R42, N12)."""
    fleet = parse_fleet_id(staged.fleet("regretted"))
    upgrades = official_client(staged, app).virtual_machine_scale_set_rolling_upgrades
    where = (fleet.resource_group, fleet.name)

    start = upgrades.begin_start_os_upgrade(*where)
    cancel = upgrades.begin_cancel(*where)
    eventually("the cancel's end", cancel.done)
    eventually("the start's end", start.done)

    latest = upgrades.get_latest(*where).properties
    assert (start.status(), cancel.status()) == ("Canceled", "Succeeded")
    assert (latest.running_status.code, latest.running_status.last_action) == ("Cancelled", "Cancel")
    assert latest.progress.pending_instance_count == 2
    assert staged.broken_rules("regretted") == []
