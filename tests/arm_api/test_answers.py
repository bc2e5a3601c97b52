"""The form of every answer: who may call, what a call must have, and what is told when somebody does not answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from airflow_double import AirflowDouble
from rehearsals import Rehearsal
from served import API_TOKEN, Served, served, serving
from worlds import FLEET_ID, world

from fleetwright.arm_api.airflow_runs import AirflowLogin, AirflowRuns
from fleetwright.arm_api.errors import ServiceUnavailableError

Rehearse = Callable[..., Rehearsal]
Serve = Callable[[Rehearsal], Served]


@pytest.fixture
def app(rehearse: Rehearse, serve: Serve) -> Served:
    """The app over a set that was never upgraded."""
    return serve(rehearse(world(1, 0)))


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "AuthenticationFailed"),
        ("Bearer ", "AuthenticationFailed"),
        (f"Basic {API_TOKEN}", "AuthenticationFailed"),
        ("Bearer another", "InvalidAuthenticationToken"),
        (f"Bearer {API_TOKEN}x", "InvalidAuthenticationToken"),
        ("Bearer \xe9", "InvalidAuthenticationToken"),
    ],
)
@pytest.mark.parametrize("path", ["osUpgradeHistory", "osRollingUpgrade", "nothing/of/ours"])
def test_every_route_needs_the_token(app: Served, authorization: str, code: str, path: str) -> None:
    """Without the right bearer token every path answers 401 with a challenge, and nothing is started (R42)."""
    method = "POST" if path == "osRollingUpgrade" else "GET"

    answer = app.call(method, path, Authorization=authorization)

    assert (answer.status_code, app.error(answer)) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert API_TOKEN not in answer.text
    assert app.airflow.runs == {}


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "MissingApiVersionParameter"), ("?api-version=newest", "InvalidApiVersionParameter")],
)
def test_an_api_version_is_needed(app: Served, query: str, code: str) -> None:
    """A call without an api-version, or with none that can be, is refused with 400 (R17)."""
    answer = app.call("GET", "osUpgradeHistory", query=query)

    assert (answer.status_code, app.error(answer)) == (400, code)


def test_paths_are_read_in_any_case(app: Served) -> None:
    """Clients write paths in whatever case they like (R40)."""
    answer = app.call("GET", "OSUPGRADEHISTORY", fleet=FLEET_ID.upper().replace("WEB", "Web"))

    assert (answer.status_code, answer.json()) == (200, {"value": []})


@pytest.mark.parametrize(
    ("method", "fleet", "path", "status", "code"),
    [
        ("GET", FLEET_ID, "osUpgrades", 404, "ResourceNotFound"),
        ("GET", "", "", 404, "ResourceNotFound"),
        ("GET", FLEET_ID + "2", "osUpgradeHistory", 404, "ResourceNotFound"),
        ("POST", FLEET_ID + "2", "osRollingUpgrade", 404, "ResourceNotFound"),
        ("POST", FLEET_ID + "2", "rollingUpgrades/cancel", 404, "ResourceNotFound"),
        ("POST", FLEET_ID, "osUpgradeHistory", 405, "MethodNotAllowed"),
        ("GET", FLEET_ID, "osRollingUpgrade", 405, "MethodNotAllowed"),
        ("GET", FLEET_ID.replace("0000-", "000x-"), "osUpgradeHistory", 400, "InvalidParameter"),
    ],
)
def test_what_is_not_there(app: Served, method: str, fleet: str, path: str, status: int, code: str) -> None:
    """Unknown routes, sets and verbs have Azure's codes and one line each (R40)."""
    answer = app.call(method, path, fleet=fleet)

    assert (answer.status_code, app.error(answer)) == (status, code)


def test_a_set_that_is_not_ours(app: Served) -> None:
    """A set that was opted out and that we never upgraded is not served, and the answer says why (O3)."""
    app.rehearsal.admin.patch({"tags": {"fleetwright": "off"}})

    answer = app.call("POST", "osRollingUpgrade")

    assert (answer.status_code, app.error(answer)) == (404, "ResourceNotFound")
    assert "is opted out" in answer.text
    assert app.airflow.runs == {}


def test_both_headers_of_a_start(app: Served) -> None:
    """A start answers 202 without a body and with both poll URLs, which name no secret (R42)."""
    answer = app.call("POST", "osRollingUpgrade")

    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Azure-AsyncOperation"].startswith(f"{app.url}/subscriptions/")
    assert "/providers/Microsoft.Compute/locations/westeurope/operations/" in answer.headers["Location"]
    assert "monitor=true" in answer.headers["Location"]
    assert "Retry-After" in answer.headers


def poll(url: str) -> requests.Response:
    """One look at an operation."""
    return requests.get(url, headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=30)


@pytest.mark.parametrize(
    ("state", "tasks", "status", "location"),
    [
        ("queued", {}, "InProgress", 202),
        ("running", {}, "InProgress", 202),
        ("success", {"validate": "success"}, "Succeeded", 200),
        ("success", {"validate": "success", "acquire_lease": "skipped"}, "Failed", 409),
        ("failed", {"validate": "failed"}, "Failed", 409),
    ],
)
def test_an_operation_by_its_run(
    app: Served, state: str, tasks: dict[str, str], status: str, location: str
) -> None:
    """A poll reads Airflow: the operation's status, and at Location 202 until the end, then the outcome (R42)."""
    started = app.call("POST", "osRollingUpgrade")
    app.airflow.move(app.airflow.only(), state, **tasks)

    by_status, by_location = poll(started.headers["Azure-AsyncOperation"]), poll(started.headers["Location"])

    assert (by_status.status_code, by_status.json()["status"]) == (200, status)
    assert ("error" in by_status.json()) is (status == "Failed")
    assert by_location.status_code == location
    if location in {200, 202}:
        assert by_location.content == b""


def test_an_operation_survives_a_restart(rehearse: Rehearse) -> None:
    """An app that was started anew answers the polls of the one before: nothing is kept in memory (R42)."""
    rehearsal, airflow = rehearse(world(1, 0)), AirflowDouble()
    with served(rehearsal, airflow) as first:
        started = first.call("POST", "osRollingUpgrade").headers["Azure-AsyncOperation"]
        path = started.removeprefix(first.url)
    with served(rehearsal, airflow) as second:
        second.carry_out(airflow.only())

        answer = poll(second.url + path)

    assert answer.json()["status"] == "Succeeded"


@pytest.mark.parametrize("operation", ["x", "e30", "WyJhIiwiYiIsImMiXQ"])
def test_an_operation_of_nobody(app: Served, operation: str) -> None:
    """An id that is none of ours, or whose run is gone, is 404 (R42)."""
    path = "/subscriptions/s/providers/Microsoft.Compute/locations/westeurope/operations"

    answer = app.call("GET", operation, fleet=path)

    assert (answer.status_code, app.error(answer)) == (404, "ResourceNotFound")
    started = app.call("POST", "osRollingUpgrade")
    app.airflow.runs.clear()
    assert poll(started.headers["Location"]).status_code == 404


def test_airflow_that_refuses_is_told(app: Served) -> None:
    """Airflow's own words for a run that it does not take are a 503 in one line (R42)."""
    app.airflow.refuses = 400

    answer = app.call("POST", "osRollingUpgrade")

    assert (answer.status_code, app.error(answer)) == (503, "ServiceUnavailable")
    assert "Invalid input for param fleet" in answer.text


def test_a_paused_dag_is_told(app: Served) -> None:
    """A run that nobody would ever carry out is not queued (R42)."""
    app.airflow.paused = True

    answer = app.call("POST", "osRollingUpgrade")

    assert (answer.status_code, app.error(answer)) == (503, "ServiceUnavailable")
    assert "is paused in Airflow" in answer.text
    assert app.airflow.runs == {}


def test_airflow_that_does_not_answer_is_told() -> None:
    """An Airflow where nobody listens, and one that lets us not in, are one line without the password (R42)."""
    with pytest.raises(ServiceUnavailableError, match=r"does not answer at http://127\.0\.0\.1:9: \w+$"):
        AirflowRuns(AirflowLogin("http://127.0.0.1:9", "ada", "s3cret")).list_active()


def test_a_token_of_airflow_that_runs_out_is_renewed(app: Served) -> None:
    """When Airflow's token has expired the app signs in anew, and the caller notices nothing (R42)."""
    assert app.call("POST", "osRollingUpgrade").status_code == 202
    app.airflow.tokens.clear()
    app.airflow.runs.clear()

    assert app.call("POST", "osRollingUpgrade").status_code == 202
    assert app.airflow.logins == 2


def test_a_dead_rollout_is_no_obstacle(rehearse: Rehearse, serve: Serve) -> None:
    """A rollout whose holder died is not under way: the run that is started goes on with it (R42)."""
    rehearsal = rehearse(world(2, 0))
    app = serve(rehearsal)
    rehearsal.admin.post("faults", match={"method": "GET", "path": "*"}, effect={"status": 403})
    with pytest.raises(Exception, match="403"):
        rehearsal.run()
    rehearsal.admin._answer("DELETE", "/_emulator/faults")

    rehearsal.wall.advance(60)

    assert app.call("POST", "osRollingUpgrade").status_code == 202


def test_a_login_that_is_refused_is_told() -> None:
    """Airflow's refusal of the user is one line that does not hold the password (R42)."""
    with serving(AirflowDouble().app()) as url:
        runs = AirflowRuns(AirflowLogin(url, "ada", "a-wrong-password"))

        with pytest.raises(ServiceUnavailableError, match="refused POST /auth/token: 401") as refused:
            runs.list_active()

    assert "a-wrong-password" not in str(refused.value)
    assert "a-wrong-password" not in repr(AirflowLogin(url, "ada", "a-wrong-password"))


def test_two_clients_at_once_start_one_run(app: Served) -> None:
    """Of calls that come at the same moment one starts a run and the others are refused (R42)."""
    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda _number: app.call("POST", "osRollingUpgrade"), range(4)))

    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert len(app.airflow.runs) == 1
