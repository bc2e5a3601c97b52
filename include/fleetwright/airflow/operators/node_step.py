"""What every step of a rollout of node images shares: its ports, its session, its words in the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetwright.airflow.node_words import rollout_note
from fleetwright.airflow.operators.step import StepOperator, owner_of
from fleetwright.node_images.session import NodeSession

if TYPE_CHECKING:
    from airflow.sdk import Context

    from fleetwright.domain.node_pools.rollouts import NodeRollout
    from fleetwright.node_images.ports import NodePorts


class NodeStepOperator(StepOperator):
    """A step of a rollout of node images; most of them take the rollout's lease back first."""

    def node_ports(self) -> NodePorts:
        """Ports from the Airflow connections."""
        from fleetwright.airflow.wiring import build_node_ports  # noqa: PLC0415 - heavy; parsing needs none of it

        return build_node_ports(self.azure_conn_id)

    def reopen(self, context: Context, ports: NodePorts | None = None) -> NodeSession:
        """Take the rollout's lease back: whatever an earlier try left running is fenced from here on.

        :param ports: where the step has them already
        """
        from fleetwright.airflow.wiring import lease_terms  # noqa: PLC0415 - as above

        owner = owner_of(context)
        return NodeSession.reopen(
            ports or self.node_ports(), self.rollout_id, owner=owner, terms=lease_terms()
        )


def tell(context: Context, rollout: NodeRollout) -> None:
    """Leave the rollout's story where the grid shows it: the note of the DAG run."""
    context["ti"].update_dagrun_note(rollout_note(rollout))
