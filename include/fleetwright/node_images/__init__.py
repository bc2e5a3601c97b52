"""Upgrades of AKS node images: the steps of a cluster's rollout and the evaluation by schedules, over ports.

AKS itself goes through the nodes of a pool; what is decided here is which pool goes, when, whether it fits its window,
and whether every machine has what was asked for.
"""
