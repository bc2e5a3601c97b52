"""Which ledger a task uses: the connection ``fleetwright_ledger``, else the environment, else the run folder."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import make_url

from fleetwright.airflow import wiring
from fleetwright.azure.errors import EndpointUnreachableError
from fleetwright.ledger.store import SqlLedger

CONNECTION = "AIRFLOW_CONN_FLEETWRIGHT_LEDGER"


def label_of(ledger: SqlLedger) -> str:
    """How the ledger names itself in errors: its URL."""
    label = repr(ledger)
    ledger.close()
    return label


@pytest.fixture
def urls(tmp_path: Path) -> dict[str, str]:
    """A URL for each place where one can be given; ``default`` is the file under the run folder."""
    given = {name: f"sqlite:///{tmp_path / name}.db" for name in ("connection", "environment")}
    return {**given, "default": f"sqlite:///{tmp_path / '.run' / 'ledger.db'}"}


def test_the_connection_comes_before_the_environment(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection with an extra field ``url`` is the ledger, whatever the environment says."""
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "generic", "extra": {"url": urls["connection"]}}))
    monkeypatch.setenv("FLEETWRIGHT_LEDGER_URL", urls["environment"])

    assert urls["connection"] in label_of(wiring.build_ledger())


def test_the_environment_comes_before_the_run_folder(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the connection ``FLEETWRIGHT_LEDGER_URL`` is the ledger."""
    monkeypatch.setenv("FLEETWRIGHT_LEDGER_URL", urls["environment"])

    assert urls["environment"] in label_of(wiring.build_ledger())


def test_the_run_folder_comes_last(
    urls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without connection and environment it is one file under ``.run`` of the working folder."""
    monkeypatch.delenv("FLEETWRIGHT_LEDGER_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    assert urls["default"] in label_of(wiring.build_ledger())


def test_a_trigger_finds_the_same_ledger_as_a_task(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker and the triggerer open is one ledger; two would be two locks on one fleet."""
    monkeypatch.setenv("AIRFLOW_CONN_AZURE_RM_DEFAULT", '{"conn_type": "azure_rm", "extra": {"token": "t"}}')
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "generic", "extra": {"url": urls["connection"]}}))

    ports = asyncio.run(wiring.build_ports_async("azure_rm_default"))

    assert isinstance(ports.ledger, SqlLedger)
    assert label_of(ports.ledger) == label_of(wiring.build_ledger())


def test_upgrades_of_node_images_have_the_same_ledger_and_subscription(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Task and trigger of a node rollout share ledger and endpoint, and list the connection's subscription alone."""
    subscription = "00000000-0000-0000-0000-000000000001"
    extra = {"token": "t", "endpoint": "http://127.0.0.1:1", "subscription_id": subscription}
    monkeypatch.setenv("AIRFLOW_CONN_AZURE_RM_DEFAULT", json.dumps({"conn_type": "azure_rm", "extra": extra}))
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "generic", "extra": {"url": urls["connection"]}}))

    of_task = wiring.build_node_ports("azure_rm_default")
    of_trigger = asyncio.run(wiring.build_node_ports_async("azure_rm_default"))

    labels = [
        label_of(ports.ledger) for ports in (of_task, of_trigger) if isinstance(ports.ledger, SqlLedger)
    ]
    assert labels == [label_of(wiring.build_ledger())] * 2
    path = f"/subscriptions/{subscription}/providers/Microsoft.ContainerService/managedClusters"
    with pytest.raises(EndpointUnreachableError, match=f"GET {path}"):
        of_task.driver.list_clusters()
    of_task.close()
    of_trigger.close()


def test_a_connection_uri_of_a_sqlite_file_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection given as the URI that ``--ledger`` takes is the same ledger."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv(CONNECTION, url)
    monkeypatch.chdir(tmp_path)

    assert url in label_of(wiring.build_ledger())


def test_a_connection_of_airflows_postgres_type_is_a_postgresql_ledger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection made in the UI with host, login, password and database is a URL that the ledger understands."""
    fields = {"conn_type": "postgres", "host": "db", "login": "fw", "password": "p w", "schema": "ledger"}
    monkeypatch.setenv(CONNECTION, json.dumps(fields))

    url = wiring.ledger_url_of(wiring.BaseHook.get_connection(wiring.LEDGER_CONNECTION))

    assert make_url(url).get_backend_name() == "postgresql"
