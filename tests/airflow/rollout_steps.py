"""The steps of a rollout, one by one, with the ports that a task builds from its Airflow connections."""

from __future__ import annotations

from datetime import timedelta

from fleetwright.airflow.wiring import build_ports
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.request import RolloutRequest
from fleetwright.rollout.selecting import choose_batch
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.swapping import swap_os_disk
from fleetwright.rollout.validate import validate

TERMS = LeaseTerms(timedelta(seconds=60))
OWNER = "Airflow run r of scale_set_rollout"


def begin(fleet: str) -> RolloutSession:
    """Take the fleet, as ``validate`` and ``acquire_lease`` do."""
    ports = build_ports("azure_rm_default")
    request = RolloutRequest(fleet, health_timeout_seconds=5, poll_seconds=0.1)
    validated = validate(ports, request, actor=OWNER)
    acquired = ports.ledger.begin(validated.settings, owner=OWNER, now=ports.clock.now(), terms=TERMS)
    return RolloutSession(ports, acquired.lease, acquired.view, validated.fleet)


def reopen(rollout_id: str) -> RolloutSession:
    """Go on in another process, as a retried or cleared task does: whatever ran before is fenced."""
    return RolloutSession.reopen(build_ports("azure_rm_default"), rollout_id, owner=OWNER, terms=TERMS)


def swap_first_batch(session: RolloutSession) -> tuple[str, ...]:
    """Choose and swap the first batch; its instances are in flight afterwards."""
    chosen = choose_batch(session)
    swap_os_disk(session, chosen.instance_ids)
    return chosen.instance_ids
