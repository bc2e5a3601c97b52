"""The ``fleetwright`` command: rollouts, plans and history without Airflow; a composition root."""
