"""The file of windows that were seen: written whole, read without a cluster, and never in the way when it is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow, write_maintenance_window
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.ids import parse_target
from fleetwright.node_images.known_windows import read_windows, windows_file, write_windows

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/{group}/providers"


def cluster(
    name: str,
    channel: NodeOsChannel = NodeOsChannel.NODE_IMAGE,
    window: MaintenanceWindow | None = SUNDAY,
    group: str = "Shop",
) -> Cluster:
    """A cluster as a reading shows it."""
    resource = f"{GROUP.format(group=group)}/Microsoft.ContainerService/managedClusters/{name}"
    return Cluster(parse_target(resource).cluster, "westeurope", channel, window=window)


def test_windows_come_back_as_they_were_written(tmp_path: Path) -> None:
    """N31: by channel, under the cluster's name, in Azure's own words; a cluster without a window has no entry."""
    file = tmp_path / "deeper" / "windows.json"
    patched = cluster("bank", NodeOsChannel.SECURITY_PATCH)

    write_windows(file, [cluster("shop"), patched, cluster("bare", window=None)])

    body = write_maintenance_window(SUNDAY)
    known = read_windows(file)
    assert known.problems == ()
    assert known.by_name([NodeOsChannel.NODE_IMAGE]) == {"shop": body}
    assert known.by_name([NodeOsChannel.NODE_IMAGE, NodeOsChannel.SECURITY_PATCH]) == {
        "bank": body,
        "shop": body,
    }


def test_clusters_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Names are unique only in a resource group: two clusters of one name have their ids."""
    file = tmp_path / "windows.json"
    write_windows(file, [cluster("shop"), cluster("shop", group="Other")])

    names = list(read_windows(file).by_name([NodeOsChannel.NODE_IMAGE]))

    assert sorted(name.split("/")[4] for name in names) == ["other", "shop"]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """A cluster that is gone is gone from the file, and nothing unfinished is left beside it."""
    file = tmp_path / "windows.json"
    write_windows(file, [cluster("shop"), cluster("bank")])

    write_windows(file, [cluster("bank")])

    assert list(read_windows(file).by_name([NodeOsChannel.NODE_IMAGE])) == ["bank"]
    assert [path.name for path in tmp_path.iterdir()] == ["windows.json"]


def test_a_file_that_is_not_there_yet_is_no_problem(tmp_path: Path) -> None:
    """Before the first evaluation nothing is known."""
    known = read_windows(tmp_path / "windows.json")

    assert (known.windows, known.problems) == ((), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"clusters": {\n"a": }}', "windows.json:2: is not JSON"),
        ("[]", "has no clusters"),
        ('{"clusters": []}', "has no clusters"),
        ('{"clusters": {"shop": 1}}', "shop has no maintenanceWindow"),
        ("\ud800", "is not JSON"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    """It stops nothing: the problem names file and line or cluster, for the DAG's page to show."""
    file = tmp_path / "windows.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))

    known = read_windows(file)

    assert known.windows == ()
    assert [said in problem for problem in known.problems] == [True]
    assert str(file) in known.problems[0]


def test_one_broken_window_leaves_the_others(tmp_path: Path) -> None:
    """R72: a window of three hours is named with its cluster and its field; the other clusters keep theirs."""
    file = tmp_path / "windows.json"
    write_windows(file, [cluster("shop"), cluster("bank")])
    body: dict[str, Any] = json.loads(file.read_text())
    body["clusters"][cluster("shop").key]["maintenanceWindow"]["durationHours"] = 3
    file.write_text(json.dumps(body))

    known = read_windows(file)

    assert list(known.by_name([NodeOsChannel.NODE_IMAGE])) == ["bank"]
    assert len(known.problems) == 1
    assert "managedclusters/shop" in known.problems[0]
    assert "durationHours" in known.problems[0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """One line: the file, why, and the variable that names another."""
    (tmp_path / "taken").write_text("")

    with pytest.raises(ConfigurationError, match="FLEETWRIGHT_NODE_WINDOWS names another"):
        write_windows(tmp_path / "taken" / "windows.json", [cluster("shop")])


def test_the_file_lies_beside_the_ledger_unless_a_variable_names_another(tmp_path: Path) -> None:
    """``.run/node-windows.json`` of the folder in which Airflow was started."""
    assert windows_file({}) == Path.cwd() / ".run" / "node-windows.json"
    assert windows_file({"FLEETWRIGHT_NODE_WINDOWS": str(tmp_path / "w.json")}) == tmp_path / "w.json"
