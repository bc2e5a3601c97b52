"""Keeps the node images of AKS clusters current: channel NodeImage, weekly, inside the owners' windows.

Runs at each opening of a known cluster's maintenance window, and every Sunday for clusters without one. Each run ends,
for every cluster, in *started*, *nothing to do* or *held* with its reasons: in the log of ``evaluate``, in the run's
note and in the ledger. Clusters on channel None and Unmanaged have nothing done, and their word here. Trigger it by
hand inside a window to look at once; outside, it says when the next one opens.
"""

from __future__ import annotations

from fleetwright.airflow.node_schedules import schedule_dag

dag = schedule_dag("node_image_weekly", __doc__)
