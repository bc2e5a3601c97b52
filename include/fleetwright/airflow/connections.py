"""Ids of the Airflow connections that are read unless others are named; parsing a DAG needs no more of them."""

from __future__ import annotations

AZURE_CONNECTION = "azure_rm_default"
LEDGER_CONNECTION = "fleetwright_ledger"
