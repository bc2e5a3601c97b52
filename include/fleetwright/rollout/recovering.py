"""Before the first batch: instances that failed under an older model get the one that was mended (R37).

An expired credential leaves a batch failed. Whoever renews it changes the model; until the failed instances have that
model they fill the budget and count against the limits, so they come first of all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fleetwright.domain.health import is_ready
from fleetwright.domain.instances import Instance
from fleetwright.domain.thresholds import named
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError, OperationFailedError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)


def recover_failed(session: RolloutSession, instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """Bring failed instances that are behind the model to it, and wait until they are ready or had their time.

    It happens before anything of this rollout is swapped, and replaces no disk.

    :return: the set as it is afterwards
    """
    failed = [instance for instance in instances if _is_recoverable(instance)]
    if not failed or session.view.swapped_ids:
        return instances
    ids = tuple(instance.instance_id for instance in failed)
    log.info("%s failed under an older model: brought to the present one first", named(ids))
    try:
        session.ports.driver.prepare(session.fleet, failed, session.guard)
    except (CallRefusedError, AnswerLostError, OperationFailedError) as error:
        log.warning("%s could not be brought to the latest model: %s", named(ids), error)
        return session.list_instances()
    return _wait_until_ready(session, ids)


def _is_recoverable(instance: Instance) -> bool:
    is_failed = bool(instance.failed_extensions) or not instance.is_provisioned
    return is_failed and instance.is_settled and not instance.latest_model_applied and not instance.protected


def _wait_until_ready(session: RolloutSession, ids: Sequence[str]) -> tuple[Instance, ...]:
    deadline = session.now() + session.health_timeout
    while True:
        session.guard()  # which also keeps the fleet ours while nothing else is asked
        instances = session.list_instances()
        source = session.fleet.health_source
        waiting = any(i.instance_id in ids and not is_ready(i, source) for i in instances)
        if not waiting or session.now() >= deadline:
            return instances
        session.ports.clock.wait_until(min(deadline, session.now() + session.poll))
