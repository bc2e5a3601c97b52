"""The phases in which a new OS image travels the regions: one DAG for each phase of the phases file.

Airflow starts phase 0 on the asset ``os_image``, and each further one on the asset of the phase before it. What
the phases are stands in ``include/config/phases.yaml``, or in the file that ``FLEETWRIGHT_PHASES`` names.
"""

from __future__ import annotations

from fleetwright.airflow.phase_dags import phase_dags

globals().update(phase_dags())
