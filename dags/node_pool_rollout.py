"""One upgrade of the node images of one AKS cluster: pool by pool, system pools first, inside its maintenance window.

Trigger it by hand with a cluster's id, or a node pool's for that pool alone; ``node_image_weekly`` and
``node_security_patch`` start it with ``trigger: automatic``. Outside of the cluster's window nothing begins, also not
by hand. What is not predicted to end in the window is left for the next one. The run's note says what came of each pool;
it is red when a person has to look: nodes did not come on the new image, a drain was blocked, or it was cancelled.
"""

from __future__ import annotations

from fleetwright.airflow.node_rollout_dags import node_rollout_dag

dag = node_rollout_dag("node_pool_rollout", __doc__)
