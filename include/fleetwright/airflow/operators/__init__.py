"""One operator for each step of a rollout: five lines around a function of ``fleetwright.rollout``."""
