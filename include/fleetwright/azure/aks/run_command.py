"""Asking a cluster itself: ``runCommand``, and what a command's answer says (Managed Clusters - Run Command)."""

from __future__ import annotations

from datetime import timedelta

from fleetwright.azure.bodies import Body, as_body, body_at, number_at, text_at
from fleetwright.azure.calls import Answer, Call
from fleetwright.azure.client import ArmClient
from fleetwright.azure.operations import Look, operation_url, read_look
from fleetwright.azure.paging import read_json
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.node_pools.ids import ClusterId
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationState, OperationStatus
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

LONGEST_COMMAND = timedelta(minutes=5)
LONGEST_LOGS = 512 * 1024  # characters; AKS cuts what is longer
_SHOWN_LINES = 3
_POLL = 5.0  # seconds, where Azure names none
_DONE = OperationState.SUCCEEDED
_COMMAND_RESULTS = "/commandresults/"


class RunCommand:
    """Commands in a cluster."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def begin(self, cluster_id: ClusterId, command: str, guard: Guard) -> str:
        """Send a command; return where its result will be, empty where it has ended well already.

        :raises CallRefusedError: it was refused, or ended with an error in the very answer
        :raises AnswerLostError: it may run
        """
        call, answer = self._send(cluster_id, command, guard)
        ended = _ended_at_once(call, answer)
        if ended is not None and ended.state is OperationState.FAILED:
            raise CallRefusedError(f"cluster {cluster_id.name}: {ended.error}")
        return operation_url(call, answer)

    def ask(self, cluster_id: ClusterId, command: str) -> str:
        """Send a command that changes nothing, wait for its end, and return its whole output.

        :raises ProviderError: when it was refused, failed, or its output was cut off
        """
        try:
            body = self._ask(cluster_id, command)
        except (CallRefusedError, AnswerLostError) as error:
            raise ProviderError(
                f"cluster {cluster_id.name} could not be asked by runCommand: {error}"
            ) from error
        logs = text_at(body, "properties", "logs")
        if len(logs) >= LONGEST_LOGS:
            raise ProviderError(
                f"cluster {cluster_id.name}: the output of {_shown(command)} was cut off at {LONGEST_LOGS // 1024} kB"
            )
        return logs

    def _ask(self, cluster_id: ClusterId, command: str) -> Body:
        call, answer = self._send(cluster_id, command, _nobody, is_question=True)
        deadline = self._client.clock.now() + LONGEST_COMMAND
        look = read_result(call, answer)
        while look.status.state is OperationState.RUNNING:
            if self._client.clock.now() >= deadline:
                raise ProviderError(f"cluster {cluster_id.name}: {_shown(command)} did not end in 5 minutes")
            self._client.wait(min(look.wait, _POLL) or _POLL)
            call = Call("GET", look.status.url)
            answer = self._client.send(call)
            look = read_result(call, answer)
        if look.status.state is not _DONE:
            raise ProviderError(f"cluster {cluster_id.name}: {look.status.error}")
        return as_body(read_json(call, answer))

    def _send(
        self, cluster_id: ClusterId, command: str, guard: Guard, *, is_question: bool = False
    ) -> tuple[Call, Answer]:
        url = self._client.cluster_url(f"{cluster_id.resource_id}/runCommand")
        call = Call("POST", url, {"command": command, "context": ""}, is_question=is_question)
        return call, self._client.send(call, guard)


def is_command_result(url: str) -> bool:
    """Whether a poll URL is a command's."""
    return _COMMAND_RESULTS in url.lower()


def read_result(call: Call, answer: Answer) -> Look:
    """What an answer about a command says: one that ended with an exit code other than 0 has failed.

    :raises UnexpectedAnswerError: when the answer is no JSON
    """
    look = read_look(call, answer)
    if answer.status == 202:
        return Look(OperationStatus(look.status.url, OperationState.RUNNING), look.wait)
    said = body_at(as_body(read_json(call, answer)), "properties")
    if look.status.state is OperationState.RUNNING or not (error := _error_of(said, look)):
        return look
    return Look(OperationStatus(look.status.url, OperationState.FAILED, error), look.wait)


def _ended_at_once(call: Call, answer: Answer) -> OperationStatus | None:
    return None if answer.status == 202 or not answer.content.strip() else read_result(call, answer).status


def _error_of(said: Body, look: Look) -> str:
    code = number_at(said, "exitCode")
    if not code and look.status.state is _DONE:
        return ""
    last = " / ".join(line.strip() for line in text_at(said, "logs").splitlines()[-_SHOWN_LINES:])
    why = text_at(said, "reason") or last or look.status.error or "it said nothing"
    return f"command ended with exit code {code}: {why}"


def _shown(command: str) -> str:
    return command if len(command) <= 60 else f"{command[:57]}..."


def _nobody() -> None:
    """Nobody has to allow what changes nothing."""
