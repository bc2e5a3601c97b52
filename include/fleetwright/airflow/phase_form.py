"""The trigger form of a phase: which publication, where a person starts it, and how its rollouts are carried out."""

from __future__ import annotations

import os
from collections.abc import Mapping

from airflow.sdk import Param

from fleetwright.airflow.form import azure_connection
from fleetwright.airflow.site_defaults import HEALTH_VARIABLE, POLL_VARIABLE, seconds_of
from fleetwright.rollout.request import MAX_HEALTH_TIMEOUT_SECONDS, MAX_POLL_SECONDS

# Empty in a run that an asset event started: that has its partition key.
_PUBLICATION = r"^([^|\s]+\|\d+(\.\d+)*)?$"
_REGIONAL = r"^([^|\s]+\|\d+(\.\d+)*\|[^|\s]+)?$"


def phase_params(*, regional: bool = False) -> dict[str, Param]:
    """The parameters of one run of a phase, in the order of the form.

    :param regional: for versions of galleries, which have their region behind them (R50)
    """
    words = "image|version|region" if regional else "image|version"
    return {
        "publication": Param(
            "",
            type="string",
            pattern=_REGIONAL if regional else _PUBLICATION,
            title="Image and version",
            description=f"{words}, for a run that you start by hand; others have it as their partition key.",
        ),
        **_manners(os.environ),
        "azure_conn_id": azure_connection(),
    }


def _manners(environment: Mapping[str, str]) -> dict[str, Param]:
    """How the rollouts are carried out; runs that asset events start have the defaults."""
    return {
        "health_timeout_seconds": Param(
            seconds_of(environment, HEALTH_VARIABLE, 300),
            type="number",
            exclusiveMinimum=0,
            maximum=MAX_HEALTH_TIMEOUT_SECONDS,
            title="Health timeout (seconds)",
            description=f"How long each instance may take to get healthy after its swap; {HEALTH_VARIABLE}.",
        ),
        "poll_seconds": Param(
            seconds_of(environment, POLL_VARIABLE, 5),
            type="number",
            exclusiveMinimum=0,
            maximum=MAX_POLL_SECONDS,
            title="Seconds between polls",
            description=f"How often a fleet is read while a batch is under way; {POLL_VARIABLE}.",
        ),
    }
