"""The steps of a rollout over ports: the one implementation that every way of running shares."""
