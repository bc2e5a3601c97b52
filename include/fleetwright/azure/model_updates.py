"""Bringing instances to the latest model before their OS disk is swapped (``manualupgrade``, R31)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from fleetwright.azure.client import ArmClient
from fleetwright.azure.operations import LONGEST_OPERATION
from fleetwright.domain.instances import Instance
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationState
from fleetwright.rollout.provider_errors import AnswerLostError, OperationFailedError, TransientError

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0  # between two looks at instances whose call's answer was lost

Reader = Callable[[], tuple[Instance, ...]]


class ModelUpdate:
    """One ``manualupgrade`` of some instances, to its end.

    :param url: where to post it
    :param read: reads the whole set
    :param guard: called before every attempt to send it
    """

    def __init__(self, client: ArmClient, url: str, read: Reader, guard: Guard) -> None:
        self._client = client
        self._url = url
        self._read = read
        self._guard = guard

    def run(self, instance_ids: Sequence[str]) -> None:
        """Update the instances and wait for the end.

        A lost answer is followed by reading: what is still not on the model is sent once more.

        :raises OperationFailedError: when the operation failed or had no end in 30 minutes
        :raises CallRefusedError: when Azure refused it
        :raises AnswerLostError: when the answer was lost twice
        """
        try:
            self._begin(instance_ids)
        except AnswerLostError as error:
            log.warning("%s", error)
            left = self._await_settled(instance_ids)
            if left:
                self._begin(left)

    def _begin(self, instance_ids: Sequence[str]) -> None:
        body: Mapping[str, Sequence[str]] = {"instanceIds": list(instance_ids)}
        self._await_operation(self._client.post(self._url, body, self._guard), instance_ids)

    def _await_operation(self, url: str, instance_ids: Sequence[str]) -> None:
        deadline = self._deadline()
        while True:
            wait = POLL_SECONDS
            try:
                look = self._client.look(url)
            except TransientError as error:
                log.warning("%s", error)
                wait = max(wait, error.retry_after.total_seconds())
            else:
                url, wait = look.status.url, look.wait
                if look.status.state in {OperationState.SUCCEEDED, OperationState.FORGOTTEN}:
                    return
                if look.status.state is OperationState.FAILED:
                    raise OperationFailedError(
                        f"manualupgrade of {_names(instance_ids)} failed: {look.status.error}"
                    )
            self._wait(wait, deadline, instance_ids)

    def _await_settled(self, instance_ids: Sequence[str]) -> tuple[str, ...]:
        """Wait until nothing is at work on the instances; return those that are not on the latest model."""
        deadline = self._deadline()
        while True:
            self._wait(POLL_SECONDS, deadline, instance_ids)
            try:
                found = [instance for instance in self._read() if instance.instance_id in instance_ids]
            except TransientError as error:
                log.warning("%s", error)
                continue
            if all(instance.is_settled for instance in found):
                return tuple(instance.instance_id for instance in found if not instance.latest_model_applied)

    def _deadline(self) -> datetime:
        return self._client.clock.now() + LONGEST_OPERATION

    def _wait(self, seconds: float, deadline: datetime, instance_ids: Sequence[str]) -> None:
        if self._client.clock.now() >= deadline:
            minutes = LONGEST_OPERATION.total_seconds() / 60
            raise OperationFailedError(
                f"manualupgrade of {_names(instance_ids)} had no end in {minutes:g} minutes"
            )
        self._client.wait(seconds)


def _names(instance_ids: Sequence[str]) -> str:
    return f"instance{'' if len(instance_ids) == 1 else 's'} {', '.join(instance_ids)}"
