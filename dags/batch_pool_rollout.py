"""One rollout of one Azure Batch pool: a new OS image, batch by batch, and no node that runs a task is touched.

Trigger it by hand with a pool, or let another DAG start it with ``trigger: automatic``. With
``osRollingUpgradeDeferral`` nodes are given no new work before they are upgraded, and are waited for until they are
idle; the log of ``select_batch`` lists who holds up the finish: node, task, age. Every node that was closed is given
work again, whatever happens.
"""

from __future__ import annotations

from fleetwright.airflow.form import pool_params
from fleetwright.airflow.rollout_dags import rollout_dag

dag = rollout_dag("batch_pool_rollout", pool_params(), __doc__)
