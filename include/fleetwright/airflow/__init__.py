"""Fleetwright as an Airflow provider: hook, operators, triggers; a composition root."""
