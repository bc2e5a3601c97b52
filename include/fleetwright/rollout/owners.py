"""How whoever runs a rollout is named in the ledger."""

from __future__ import annotations


def airflow_owner(run_id: str, dag_id: str) -> str:
    """A rollout's owner in words that lead to the DAG run, and by which the run's rollout is found again."""
    return f"Airflow run {run_id} of {dag_id}"
