"""Parses one DAG file in a process of its own and prints what came of it as one line of JSON.

What is measured is the reading of the file by Airflow's own importer, with everything that the file imports
and that Airflow itself has not imported yet; the import of Airflow and its settings comes before. A DAG
processor pays the same for each file, in a process that is forked with Airflow at hand.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag


def main(path: Path) -> None:
    """Parse the file and print seconds, import errors and the ids of its DAGs."""
    began, worked = time.perf_counter(), time.process_time()
    bag = DagBag(dag_folder=path, bundle_path=path.parent, bundle_name="dags-folder")
    seconds, busy = time.perf_counter() - began, time.process_time() - worked
    errors = list(bag.import_errors.values())
    found = {"seconds": seconds, "processor_seconds": busy, "errors": errors, "dags": sorted(bag.dags)}
    print(json.dumps(found))  # noqa: T201 - its answer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
