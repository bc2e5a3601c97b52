"""What the trigger form of a Batch pool asks besides: how long nodes that run tasks are waited for, and what then (R55)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param

from fleetwright.airflow.site_defaults import (
    DEADLINE_VARIABLE,
    GRACE_VARIABLE,
    WHEN_BUSY_VARIABLE,
    seconds_of,
    when_busy_of,
)
from fleetwright.domain.drains import LONGEST_WAIT, DrainPolicy, WhenBusy

DEADLINE, WHEN_BUSY, GRACE = "drain_deadline_seconds", "when_busy", "drain_grace_seconds"

_USUAL = DrainPolicy()
_WORDS = {
    WhenBusy.SKIP: "skip: leave it as it is, give it work again, and report it",
    WhenBusy.REQUEUE: "requeue: after the grace, end its tasks, queue them again, and upgrade it",
    WhenBusy.WAIT: "wait: however long it takes; the deadline is not heeded",
}


def drain_of(params: Mapping[str, Any]) -> DrainPolicy:
    """The policy that a form describes; one that does not ask for it means the defaults.

    :raises ConfigurationError: for a value that cannot be
    """
    fields = {"deadline_seconds": DEADLINE, "when_busy": WHEN_BUSY, "grace_seconds": GRACE}
    return DrainPolicy.from_dict({field: params[name] for field, name in fields.items() if name in params})


def drain_params(environment: Mapping[str, str]) -> dict[str, Param]:
    """The fields, in the order of the form.

    :param environment: may hold other defaults than ours
    :raises ConfigurationError: when one of them is none
    """
    return {
        DEADLINE: _seconds(
            seconds_of(environment, DEADLINE_VARIABLE, _USUAL.deadline.total_seconds()),
            "Drain deadline (seconds)",
            f"How long each node may take to become idle once it is given no new work; {DEADLINE_VARIABLE}.",
        ),
        WHEN_BUSY: Param(
            str(when_busy_of(environment, _USUAL.when_busy)),
            type="string",
            enum=[str(policy) for policy in WhenBusy],
            values_display={str(policy): words for policy, words in _WORDS.items()},
            title="When a node is still busy at its deadline",
            description="skip leaves it and reports it; requeue ends its tasks after the grace and queues them again;"
            f" wait waits for ever; {WHEN_BUSY_VARIABLE}.",
        ),
        GRACE: _seconds(
            seconds_of(environment, GRACE_VARIABLE, _USUAL.grace.total_seconds()),
            "Grace (seconds)",
            f"Between a node's deadline and the end of its tasks, for requeue only; {GRACE_VARIABLE}.",
        ),
    }


def _seconds(usual: float, title: str, description: str) -> Param:
    most = LONGEST_WAIT.total_seconds()
    return Param(usual, type="number", minimum=0, maximum=most, title=title, description=description)
