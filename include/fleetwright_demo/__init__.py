"""The demo: an emulator and a real Airflow on this machine, a rollout through both, and what it measures.

It stands outside of ``fleetwright``: it starts and watches processes, and drives Airflow by its REST API
as any other tool would.
"""
