"""What every step of a rollout under Airflow shares: who runs it, its session, its errors, its branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.bases.branch import BranchMixIn
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.domain.errors import (
    ConfigurationError,
    FleetwrightError,
    GivenBackError,
    HeldError,
    LeaseLostError,
)
from fleetwright.rollout.owners import airflow_owner
from fleetwright.rollout.session import Ports, RolloutSession

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from fleetwright.airflow.hooks import AzureRmHook


def owner_of(context: Context) -> str:
    """Who runs the rollout, in words that lead to the DAG run."""
    dag_run = context["dag_run"]
    return airflow_owner(dag_run.run_id, dag_run.dag_id)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turn our errors into Airflow's: what no retry can mend fails at once, a hold skips."""
    try:
        yield
    except GivenBackError:
        raise  # ``acquire_lease``, which Airflow clears with any task, may be taking the fleet again
    except HeldError as held:
        raise AirflowSkipException("held: " + "; ".join(held.reasons)) from held
    except (ConfigurationError, LeaseLostError) as error:
        raise AirflowFailException(str(error)) from error


class WaitFailedError(FleetwrightError):
    """A wait in the triggerer ended with an error; the task is retried and goes on from the ledger."""

    kind = "wait_failed"


class StepOperator(BaseOperator, BranchMixIn):
    """A step of a rollout of any kind.

    :param rollout_id: from ``acquire_lease``; empty in a dry run
    """

    template_fields: Sequence[str] = ("rollout_id", "azure_conn_id")
    inherits_from_skipmixin = True

    def __init__(
        self,
        *,
        rollout_id: Any = "",
        azure_conn_id: str = AZURE_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rollout_id = rollout_id
        self.azure_conn_id = azure_conn_id

    def execute(self, context: Context) -> Any:
        """Run the step; see ``step`` of the subclass."""
        with airflow_errors():
            return self.step(context)

    def step(self, context: Context) -> Any:
        """What the subclass does; returns what later tasks read."""
        raise TypeError(f"{type(self).__name__} has no step for {self.task_id} in {context['run_id']}")

    def hook(self) -> AzureRmHook:
        """The hook of the Azure connection."""
        from fleetwright.airflow.hooks import AzureRmHook  # noqa: PLC0415 - heavy; parsing a DAG needs none of it

        return AzureRmHook(self.azure_conn_id)

    def wait_for(self, trigger: BaseTrigger, **kwargs: Any) -> None:
        """Leave the worker until the trigger fires; ``resume`` goes on."""
        self.defer(trigger=trigger, method_name="resume", kwargs=kwargs)

    def branch(self, context: Context, result: dict[str, Any], to: str) -> dict[str, Any]:
        """Push the result, then go on with the downstream task of that name alone.

        A branch ends in an exception inside Airflow, so what is returned would not be pushed.
        """
        context["ti"].xcom_push(key="return_value", value=result)
        chosen = next(task_id for task_id in self.downstream_task_ids if task_id.rpartition(".")[2] == to)
        self.do_branch(context, chosen)
        return result


class RolloutStepOperator(StepOperator):
    """A step of a rollout of instances; most of them take the rollout's lease back first."""

    def ports(self) -> Ports:
        """Ports from the Airflow connections."""
        from fleetwright.airflow.wiring import build_ports  # noqa: PLC0415 - heavy; parsing a DAG needs none of it

        return build_ports(self.azure_conn_id)

    def reopen(self, context: Context, ports: Ports | None = None) -> RolloutSession:
        """Take the rollout's lease back: whatever an earlier try left running is fenced from here on.

        :param ports: where the step has them already
        """
        from fleetwright.airflow.wiring import lease_terms  # noqa: PLC0415 - as above

        owner = owner_of(context)
        return RolloutSession.reopen(ports or self.ports(), self.rollout_id, owner=owner, terms=lease_terms())


def raise_wait_error(event: dict[str, Any]) -> None:
    """Raise what a wait in the triggerer ended with.

    A wait that lost its lease may have lost it to another task of its own rollout, cleared by a person: the
    retry finds out, because it has to take the lease back first.

    :raises WaitFailedError: for the retry to go on from the ledger
    """
    if event.get("status") != "ok":
        raise WaitFailedError(f"{event.get('kind')}: {event.get('message')}")
