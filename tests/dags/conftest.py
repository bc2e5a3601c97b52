"""The home of this session's Airflow, shared with the tests beside it: it stands before Airflow is imported."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "airflow"))  # test folders are no packages

import airflow_home

airflow_home.prepare()
