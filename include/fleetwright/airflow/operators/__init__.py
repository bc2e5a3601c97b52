"""One operator for each step of a rollout: Airflow's side of a function of ``fleetwright.rollout``."""
