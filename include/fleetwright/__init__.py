"""Fleetwright rolls new OS images out over Azure fleets, batch by batch, as Apache Airflow DAGs."""

from __future__ import annotations

__version__ = "0.1.0"
