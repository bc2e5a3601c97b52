"""One rollout of one scale set: a new OS image, batch by batch.

Trigger it by hand with a fleet, or let another DAG start it with ``trigger: automatic``. Every step is a
function of ``fleetwright.rollout``, and Airflow's steps stand in ``fleetwright.airflow.rollout_dags``.
"""

from __future__ import annotations

from fleetwright.airflow.form import rollout_params
from fleetwright.airflow.rollout_dags import rollout_dag

dag = rollout_dag("scale_set_rollout", rollout_params(), __doc__)
