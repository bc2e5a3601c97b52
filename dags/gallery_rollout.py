"""Versions of galleries, which skip the phases: Airflow rolls them out region by region as they are replicated."""

from __future__ import annotations

from fleetwright.airflow.phase_dags import gallery_dag

dag = gallery_dag()
