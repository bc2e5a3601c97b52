"""What is left to do whatever happened: nodes are opened, automatic repairs are resumed, and the fleet is given back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.airflow.operators.step import airflow_errors, owner_of
from fleetwright.domain.errors import LeaseLostError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.rollout.opening import give_nodes_back, warn_of_closed_nodes
from fleetwright.rollout.repairs import resume_repairs, warn_of_suspended_repairs
from fleetwright.rollout.session import RolloutSession

if TYPE_CHECKING:
    from airflow.sdk import Context

    from fleetwright.domain.records import RolloutRecord

log = logging.getLogger(__name__)


class ReleaseLeaseOperator(BaseOperator):
    """Opens what the rollout closed (R55), resumes what it suspended (O8), and gives the fleet back, whatever happened.

    :param rollout_id: from ``acquire_lease``; empty in a dry run
    """

    template_fields: Sequence[str] = ("rollout_id", "azure_conn_id")

    def __init__(self, *, rollout_id: Any, azure_conn_id: str = AZURE_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rollout_id = rollout_id
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> None:
        """Release the lease, where this run has one."""
        from fleetwright.airflow.wiring import build_ledger  # noqa: PLC0415 - heavy; parsing needs none of it

        if not self.rollout_id:
            return
        with airflow_errors():
            ledger = build_ledger()
            rollout = ledger.load(self.rollout_id).rollout
            if rollout.repairs_suspended or rollout.closed:
                self._give_back(rollout, owner_of(context))
            ledger.release(self.rollout_id, owner=owner_of(context))
        log.info("the fleet of rollout %s is free again", self.rollout_id)
        if rollout.state not in TERMINAL_STATES:
            log.warning(
                "rollout %s is not over, whatever color this run has: start a rollout of the fleet again to go on with it, "
                "or end it with fleetwright cancel and one more run",
                self.rollout_id,
            )

    def _give_back(self, rollout: RolloutRecord, owner: str) -> None:
        from fleetwright.airflow.wiring import build_ports, lease_terms  # noqa: PLC0415 - as above

        try:
            ports = build_ports(self.azure_conn_id)
            session = RolloutSession.reopen(
                ports, self.rollout_id, owner=owner, terms=lease_terms(), is_teardown=True
            )
            give_nodes_back(session)
            resume_repairs(session)
        except LeaseLostError as lost:
            log.info("whoever has the fleet now opens its nodes and resumes its automatic repairs: %s", lost)
        except Exception as error:  # noqa: BLE001 - the fleet is given back whatever happens
            _tell_by_hand(rollout, str(error))


def _tell_by_hand(rollout: RolloutRecord, why: str) -> None:
    """What a person does where nothing could be given back."""
    fleet_id = parse_fleet_id(rollout.settings.fleet_id)
    if rollout.closed:
        warn_of_closed_nodes(fleet_id, tuple(rollout.closed), why)
    if rollout.repairs_suspended:
        warn_of_suspended_repairs(fleet_id, why)
