"""Subscriptions, regions and what stands beside scale sets."""
