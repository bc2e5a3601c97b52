"""What the rollouts of phases are started with, where nobody says otherwise."""

from __future__ import annotations

import pytest

from fleetwright.airflow.phase_form import phase_params
from fleetwright.domain.errors import ConfigurationError


@pytest.mark.parametrize(("given", "seconds"), [("", 300.0), (" ", 300.0), ("20", 20.0), ("2.5", 2.5)])
def test_the_environment_says_how_patient_rollouts_are(
    monkeypatch: pytest.MonkeyPatch, given: str, seconds: float
) -> None:
    """R45: rollouts that an asset event starts have what the environment says, else what is usual."""
    monkeypatch.setenv("FLEETWRIGHT_HEALTH_TIMEOUT_SECONDS", given)

    assert phase_params()["health_timeout_seconds"].value == seconds


def test_what_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import error of the DAG file names the variable and its value."""
    monkeypatch.setenv("FLEETWRIGHT_POLL_SECONDS", "5s")

    with pytest.raises(
        ConfigurationError, match="FLEETWRIGHT_POLL_SECONDS is '5s'; it must be a number of seconds"
    ):
        phase_params()
