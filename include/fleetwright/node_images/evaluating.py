"""A schedule's look at the clusters of its channel: each ends in *started*, *nothing to do* or *held*, with reasons."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fleetwright.domain.errors import ConfigurationError, FleetwrightError, LedgerError
from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.evaluating import evaluate, is_evaluated
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.fit import window_for
from fleetwright.domain.node_pools.ids import Target
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.plan import Sight
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.heeding import why_held
from fleetwright.node_images.ports import NodePorts
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.sighting import LOOKED_BACK, look_at

log = logging.getLogger(__name__)


def evaluate_channel(
    ports: NodePorts,
    channel: NodeOsChannel,
    *,
    actor: str,
    manners: Manners | None = None,
    default_window: MaintenanceWindow = SUNDAY,
    clusters: Sequence[Cluster] | None = None,
    starts: bool = True,
) -> tuple[Evaluation, ...]:
    """Look at every cluster of a schedule's channel; each outcome is logged and written to the ledger.

    A cluster that cannot be read is held with the error's words, and the others go on.

    :param clusters: as they were listed just now; None to list them here
    :param starts: whether somebody starts what is to be started; where nobody does, the ledger does not say so
    :raises ProviderError: when the clusters cannot be listed
    :raises LedgerError: when the ledger cannot be read or written
    """
    found: list[Evaluation] = []
    for cluster in ports.driver.list_clusters() if clusters is None else clusters:
        if is_evaluated(cluster, channel):
            evaluation = _evaluate(ports, cluster, channel, manners or Manners(), default_window)
            if evaluation is not None:
                found.append(evaluation)
                if starts or evaluation.outcome is not Outcome.STARTED:
                    _record(ports, evaluation, actor)
    return tuple(found)


def request_of(
    evaluation: Evaluation, manners: Manners, default_window: MaintenanceWindow = SUNDAY
) -> NodeRequest:
    """The rollout that a started evaluation stands for."""
    return NodeRequest(
        evaluation.fleet_id, TriggerKind.AUTOMATIC, manners, evaluation.not_before, default_window
    )


def _evaluate(
    ports: NodePorts,
    cluster: Cluster,
    channel: NodeOsChannel,
    manners: Manners,
    default_window: MaintenanceWindow,
) -> Evaluation | None:
    now = ports.clock.now()
    try:
        return _look_closer(ports, cluster, channel, manners, default_window)
    except LedgerError:
        raise
    except FleetwrightError as error:
        return Evaluation(cluster.cluster_id.resource_id, cluster.channel, Outcome.HELD, (str(error),), now)


def _look_closer(
    ports: NodePorts,
    listed: Cluster,
    channel: NodeOsChannel,
    manners: Manners,
    default_window: MaintenanceWindow,
) -> Evaluation | None:
    """Read in full what may be upgraded now; of the others nothing more is asked."""
    now, ledger = ports.clock.now(), ports.ledger
    cluster, sight = listed, Sight()
    is_due = _is_its_time(ports, listed, default_window)
    if is_due:
        cluster = ports.driver.fetch_cluster(listed.cluster_id)
        _, sight = look_at(
            ports.driver,
            cluster,
            pool="",
            trigger=TriggerKind.AUTOMATIC,
            now=now,
            manners=manners,
            default_window=default_window,
            rollouts=ledger.list_node_rollouts(listed.key, newest=LOOKED_BACK),
        )
    # Of one whose time has not come people have said nothing that matters now.
    is_asked = is_due or bool(listed.window_problem)
    return evaluate(
        cluster,
        channel,
        now,
        manners=manners,
        sight=sight,
        held=why_held(ledger.list_holds(), Target(cluster.cluster_id)) if is_asked else (),
        holder=ledger.find_holder(cluster.key) if is_asked else "",
        default_window=default_window,
    )


def _is_its_time(ports: NodePorts, cluster: Cluster, default_window: MaintenanceWindow) -> bool:
    if cluster.problem or cluster.window_problem:
        return False
    if cluster.channel in {NodeOsChannel.NONE, NodeOsChannel.UNMANAGED}:
        return False
    window = window_for(cluster, TriggerKind.AUTOMATIC, default_window)
    return window is None or window.contains(ports.clock.now())


def _record(ports: NodePorts, evaluation: Evaluation, actor: str) -> None:
    level = logging.WARNING if evaluation.outcome is Outcome.HELD else logging.INFO
    log.log(level, "%s", evaluation)
    ports.ledger.record_evaluation(evaluation, actor=actor)


def parse_channel(word: str) -> NodeOsChannel:
    """A channel by its name, in whatever case.

    :raises ConfigurationError: when there is no such channel, naming those that there are
    """
    found = next((channel for channel in NodeOsChannel if channel.lower() == word.strip().lower()), None)
    if found is None:
        raise ConfigurationError(
            f"channel {word!r} is not known: nodeOSUpgradeChannel is one of {', '.join(NodeOsChannel)}"
        )
    return found
