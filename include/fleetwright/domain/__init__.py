"""The rules of a rollout as frozen values and pure functions: no IO, no clock, no randomness.

Imports nothing but the standard library and pendulum; every function takes the time it needs as an argument.
"""
