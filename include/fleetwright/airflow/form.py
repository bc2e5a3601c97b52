"""The trigger form of a rollout: what a person is asked, with words, ranges and defaults."""

from __future__ import annotations

import os

from airflow.sdk import Param

from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.airflow.pool_form import drain_params
from fleetwright.rollout.request import MAX_HEALTH_TIMEOUT_SECONDS, MAX_POLL_SECONDS

_SCALE_SET = r"[mM]icrosoft\.[cC]ompute/[vV]irtual[mM]achine[sS]cale[sS]ets/[A-Za-z0-9][A-Za-z0-9_.-]*"
_BATCH_POOL = r"[mM]icrosoft\.[bB]atch/[bB]atch[aA]ccounts/[A-Za-z0-9]{1,24}/[pP]ools/[A-Za-z0-9_-]{1,64}"
# Both in either form: whoever took the wrong DAG is told the right one's name, which no pattern can.
_FLEET = (
    r"^/[sS]ubscriptions/[0-9a-fA-F-]{36}/[rR]esource[gG]roups/[^/]+/[pP]roviders"
    rf"/({_SCALE_SET}|{_BATCH_POOL})$"
)


def rollout_params() -> dict[str, Param]:
    """The parameters of one rollout of a scale set, in the order of the form."""
    subject = _fleet("Scale set", "Microsoft.Compute/virtualMachineScaleSets/…")
    return {**subject, **_version(), **_manners(), **_origin()}


def pool_params() -> dict[str, Param]:
    """The parameters of one rollout of a Batch pool, in the order of the form.

    :raises ConfigurationError: when an environment variable with a default is none
    """
    subject = _fleet("Batch pool", "Microsoft.Batch/batchAccounts/…/pools/…")
    return {**subject, **_version(), **_manners(), **drain_params(os.environ), **_origin()}


def _fleet(title: str, example: str) -> dict[str, Param]:
    words = f"Resource id: /subscriptions/…/providers/{example}"
    return {"fleet": Param("", type="string", pattern=_FLEET, title=title, description=words)}


def _version() -> dict[str, Param]:
    """To what it is rolled out."""
    return {
        "version": Param(
            "latest",
            type="string",
            pattern=r"^(latest|\d+(\.\d+)*)$",
            title="Image version",
            description="latest, or an exact version such as 18.04.202402010; fixed for the whole rollout.",
        ),
        "dry_run": Param(
            False,  # noqa: FBT003 - a default, not a flag of a call
            type="boolean",
            title="Dry run",
            description="Show the plan with its reasons and stop; nothing is changed.",
        ),
    }


def _manners() -> dict[str, Param]:
    """How it is carried out."""
    return {
        "trigger": Param(
            "manual",
            type="string",
            enum=["manual", "automatic"],
            title="Trigger",
            description="automatic rolls unhealthy instances back unless the fleet disables it.",
        ),
        "rollback": Param(
            False,  # noqa: FBT003 - as above
            type="boolean",
            title="Roll back on a manual run",
            description="Give unhealthy instances their previous version back although a person started it.",
        ),
        "health_timeout_seconds": Param(
            300,
            type="number",
            exclusiveMinimum=0,
            maximum=MAX_HEALTH_TIMEOUT_SECONDS,
            title="Health timeout (seconds)",
            description="How long each instance may take to get healthy after its swap.",
        ),
        "poll_seconds": Param(
            5,
            type="number",
            exclusiveMinimum=0,
            maximum=MAX_POLL_SECONDS,
            title="Seconds between polls",
            description="How often the fleet is read while a batch is under way.",
        ),
    }


def _origin() -> dict[str, Param]:
    """Who starts it, and in which Azure."""
    return {
        "phase": Param(
            "",
            type="string",
            pattern=r"^[a-z0-9_]*$",
            title="Phase",
            description="Filled in by the phase that starts the rollout; leave it empty.",
        ),
        "azure_conn_id": azure_connection(),
    }


def azure_connection() -> Param:
    """Which Azure to talk to."""
    return Param(
        AZURE_CONNECTION,
        type="string",
        minLength=1,
        title="Azure connection",
        description="Airflow connection of type Azure Resource Manager.",
    )
