"""The driver of Batch pools against the emulator, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from azure_doubles import SUBSCRIPTION, TOKEN, VirtualClock, unguarded
from batch_bodies import ACCOUNT_ID, NEW, OLD, POOL_ID, world

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.domain.batch_pools import NodeUpgradeWay
from fleetwright.domain.errors import FleetNotFoundError
from fleetwright.domain.fleets import Fleet, FleetKind, parse_fleet_id
from fleetwright.domain.health import is_ready
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.rollout.ports.operations import OperationState
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

BATCH_SERVICE, USER_SUBSCRIPTION = "BatchService", "UserSubscription"


class Rehearsal:
    """An emulator with one pool, and a driver.

    :param settings: of the endpoint
    """

    def __init__(self, url: str, **settings: str) -> None:
        self.url = url
        self.client: ArmClient = connect(AzureEndpoint(url, StaticToken(TOKEN), **settings), VirtualClock())
        self.driver = FleetDrivers(self.client)

    @property
    def fleet(self) -> Fleet:
        return self.driver.fetch_fleet(parse_fleet_id(POOL_ID))

    def node(self, name: str) -> Instance:
        found = self.driver.fetch_instance(self.fleet, name)
        assert found is not None
        return found

    def pass_time(self, seconds: float) -> None:
        self._post("clock", {"advance": seconds})

    def fault(self, path: str, effect: dict[str, Any]) -> None:
        self._post("faults", {"match": {"method": "POST", "path": path}, "effect": effect})

    def audit(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.url}/_emulator/audit", timeout=10).json()
        return found

    def calls(self) -> list[str]:
        log = requests.get(f"{self.url}/_emulator/requests", timeout=10).json()["log"]
        return [f"{call['method']} {call['path']}" for call in log]

    def _post(self, route: str, body: dict[str, Any]) -> None:
        requests.post(f"{self.url}/_emulator/{route}", json=body, timeout=10).raise_for_status()


Begin = Callable[..., Rehearsal]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Starts an emulator with a world and gives its rehearsal; ends them all afterwards."""
    servers: list[EmulatorServer] = []
    rehearsals: list[Rehearsal] = []

    def start(
        mode: str = BATCH_SERVICE, settings: dict[str, str] | None = None, **changes: object
    ) -> Rehearsal:
        server = EmulatorServer(world(mode, **changes), clock="manual")
        servers.append(server)
        rehearsals.append(Rehearsal(server.__enter__().url, **(settings or {})))
        return rehearsals[-1]

    yield start
    for rehearsal in rehearsals:
        rehearsal.client.close()
    for server in servers:
        server.__exit__(None, None, None)


def test_model_and_nodes_are_read(begin: Begin) -> None:
    """R54, C18: what the world says is what the driver reads, in both halves, by ComputeNode_List and ComputeNode_Get."""
    rehearsal = begin()
    fleet = rehearsal.fleet

    nodes = rehearsal.driver.list_instances(fleet)

    assert (fleet.kind, fleet.capacity, fleet.location) == (FleetKind.BATCH_POOL, 6, "westeurope")
    assert fleet.pool is not None
    assert (fleet.pool.way, fleet.pool.shows_upgrade_policy) == (NodeUpgradeWay.DATA_PLANE, True)
    assert [node.instance_id for node in nodes] == [f"tvm-{number}" for number in range(6)]
    assert {node.version for node in nodes} == {OLD}
    assert all(is_ready(node, HealthSource.NODE) for node in nodes)
    assert [node.instance_id for node in nodes if not node.is_idle] == ["tvm-1", "tvm-2"]
    assert asyncio.run(rehearsal.driver.list_instances_async(fleet)) == nodes
    assert rehearsal.node("tvm-3") == nodes[3]
    assert asyncio.run(rehearsal.driver.fetch_instance_async(fleet, "tvm-3")) == nodes[3]
    assert rehearsal.driver.fetch_instance(fleet, "tvm-99") is None
    assert asyncio.run(rehearsal.driver.fetch_instance_async(fleet, "tvm-99")) is None


@pytest.mark.parametrize(
    ("fleet_id", "what"),
    [
        (f"{ACCOUNT_ID}x/pools/frames", "there is no Batch account rendersx"),
        (f"{ACCOUNT_ID}/pools/framed", "there is no pool framed of Batch account renders"),
    ],
)
def test_what_is_missing_is_named(begin: Begin, fleet_id: str, what: str) -> None:
    """R54: an unknown account and an unknown pool are told apart, with the endpoint that was asked."""
    rehearsal = begin()

    with pytest.raises(FleetNotFoundError, match=what) as caught:
        rehearsal.driver.fetch_fleet(parse_fleet_id(fleet_id))

    assert rehearsal.url in str(caught.value)


@pytest.mark.parametrize(
    ("version", "shown"), [("2023-05-01", False), ("2023-11-01", True), ("2025-06-01", True)]
)
def test_an_old_api_version_sees_no_policy(begin: Begin, version: str, shown: bool) -> None:
    """R57, N28, C4: the endpoint's api_version is that of calls about pools, too, and what it hides is a fact."""
    pool = begin(settings={"api_version": version}).fleet.pool

    assert pool is not None
    assert (pool.api_version, pool.shows_upgrade_policy) == (version, shown)


@pytest.mark.parametrize(
    ("mode", "state", "told"),
    [
        (USER_SUBSCRIPTION, "NotRegistered", "NotRegistered"),
        (USER_SUBSCRIPTION, "Registered", "Registered"),
        (BATCH_SERVICE, "NotRegistered", ""),
    ],
)
def test_the_feature_is_asked_for_where_deferral_needs_it(
    begin: Begin, mode: str, state: str, told: str
) -> None:
    """R59: the subscription's feature counts for accounts in user subscription mode, and nobody else asks for it."""
    rehearsal = begin(mode, feature=state)

    pool = rehearsal.fleet.pool

    assert pool is not None
    assert pool.deferral_feature == told
    asked = [call for call in rehearsal.calls() if "Microsoft.Features" in call]
    assert len(asked) == (1 if told else 0)


def test_the_account_is_read_once(begin: Begin) -> None:
    """R54: what never changes costs one call in a process, however often the model is read."""
    rehearsal = begin()
    for _ in range(3):
        _ = rehearsal.fleet

    calls = rehearsal.calls()

    assert calls.count(f"GET {ACCOUNT_ID}") == 1
    assert calls.count(f"GET {POOL_ID}") == 3


def test_a_node_is_closed_replaced_and_opened_on_the_data_plane(begin: Begin) -> None:
    """R54, R55, O5: version and boot are new, nothing else was touched, and the node takes work at the end."""
    rehearsal = begin()
    fleet, before = rehearsal.fleet, rehearsal.node("tvm-0")
    rehearsal.driver.disable_scheduling(fleet, "tvm-0", unguarded)
    closed = rehearsal.node("tvm-0")

    url = rehearsal.driver.begin_swap(fleet, ["tvm-0"], NEW, unguarded)
    under_way = rehearsal.node("tvm-0")
    rehearsal.pass_time(60)
    rehearsal.driver.enable_scheduling(fleet, "tvm-0", unguarded)
    after = rehearsal.node("tvm-0")

    assert (closed.takes_work, closed.is_idle, is_ready(closed, HealthSource.NODE)) == (False, True, True)
    assert (under_way.provisioning_state, under_way.is_settled) == ("reimaging", False)
    assert rehearsal.driver.fetch_operation(url).state is OperationState.SUCCEEDED
    assert asyncio.run(rehearsal.driver.fetch_operation_async(url)).state is OperationState.SUCCEEDED
    assert (before.version, after.version, after.takes_work) == (OLD, NEW, True)
    assert after.os_disk_id not in {"", before.os_disk_id}
    assert {n.version for n in rehearsal.driver.list_instances(fleet)[1:]} == {OLD}
    assert rehearsal.audit()["violations"] == []


def test_the_previous_version_comes_back(begin: Begin) -> None:
    """R11, O7: a rollback names the version from which the node came."""
    rehearsal = begin()
    rehearsal.driver.begin_swap(rehearsal.fleet, ["tvm-0"], NEW, unguarded)
    rehearsal.pass_time(60)

    rehearsal.driver.begin_rollback(rehearsal.fleet, ["tvm-0"], OLD, unguarded)
    rehearsal.pass_time(60)

    assert rehearsal.node("tvm-0").version == OLD


def test_each_node_is_a_call_of_its_own_on_the_data_plane(begin: Begin) -> None:
    """R54: the data plane knows no call for many."""
    rehearsal = begin()

    assert rehearsal.driver.split_calls(rehearsal.fleet, ("tvm-0", "tvm-3")) == (("tvm-0",), ("tvm-3",))


def test_the_scale_set_behind_is_reimaged_in_azures_way(begin: Begin) -> None:
    """R54, O5: one call of Compute carries the nodes' machines, and its operation is looked at."""
    rehearsal = begin(USER_SUBSCRIPTION, {"node_upgrade_way": "scale-set"})
    fleet = rehearsal.fleet
    for name in ("tvm-0", "tvm-3"):
        rehearsal.driver.disable_scheduling(fleet, name, unguarded)

    (call,) = rehearsal.driver.split_calls(fleet, ("tvm-0", "tvm-3"))
    url = rehearsal.driver.begin_swap(fleet, call, NEW, unguarded)
    under_way, running = rehearsal.node("tvm-0"), rehearsal.driver.fetch_operation(url).state
    rehearsal.pass_time(60)

    assert fleet.pool is not None
    assert fleet.pool.way is NodeUpgradeWay.SCALE_SET
    assert (under_way.shown_state, running) == ("upgradingos", OperationState.RUNNING)
    assert rehearsal.driver.fetch_operation(url).state is OperationState.SUCCEEDED
    versions = {n.instance_id: n.version for n in rehearsal.driver.list_instances(fleet)}
    assert [name for name, version in versions.items() if version == NEW] == ["tvm-0", "tvm-3"]
    assert sum(call.startswith("POST") and call.endswith("/reimage") for call in rehearsal.calls()) == 1


def test_zones_are_those_of_the_machines_behind(begin: Begin) -> None:
    """R54, R49: they are read once, without instance views, however often the nodes are."""
    rehearsal = begin(USER_SUBSCRIPTION)
    fleet = rehearsal.fleet

    zones = [node.zone for node in rehearsal.driver.list_instances(fleet)]
    again = [node.zone for node in asyncio.run(rehearsal.driver.list_instances_async(fleet))]

    assert zones == again == ["1", "2", "3", "1", "2", "3"]
    assert rehearsal.node("tvm-4").zone == "2"
    assert sum(call.endswith("/virtualMachines") for call in rehearsal.calls()) == 1


def test_hidden_machines_have_no_zone(begin: Begin) -> None:
    """R54: an account of Batch's own shows no scale set; the pool is zonal, and where its nodes stand is not known."""
    rehearsal = begin()
    fleet = rehearsal.fleet

    assert fleet.pool is not None
    assert fleet.pool.is_zonal
    assert {node.zone for node in rehearsal.driver.list_instances(fleet)} == {""}


def test_nodes_without_a_machine_to_reimage_are_refused(begin: Begin) -> None:
    """R54: Azure's way where no scale set is shown sends nothing and names the nodes."""
    rehearsal = begin(settings={"node_upgrade_way": "scale-set"})
    fleet = rehearsal.fleet

    calls = rehearsal.driver.split_calls(fleet, ("tvm-0", "tvm-3"))

    assert calls == (("tvm-0",), ("tvm-3",))
    with pytest.raises(CallRefusedError, match=r"node tvm-3 of .*scaleSetVmResourceId.*nothing was changed"):
        rehearsal.driver.begin_swap(fleet, calls[1], NEW, unguarded)
    assert not [call for call in rehearsal.calls() if call.startswith("POST")]


@pytest.mark.parametrize(
    ("effect", "replaced", "error"),
    [({"applyThenReset": True}, True, AnswerLostError), ({"status": 409}, False, CallRefusedError)],
)
def test_lost_and_refused_are_told_apart(
    begin: Begin,
    effect: dict[str, object],
    replaced: bool,
    error: type[Exception],
) -> None:
    """R54: the node itself shows whether a call whose answer was lost was taken."""
    rehearsal = begin()
    rehearsal.fault("*/reimage", effect)

    with pytest.raises(error):
        rehearsal.driver.begin_swap(rehearsal.fleet, ["tvm-0"], NEW, unguarded)

    assert rehearsal.node("tvm-0").is_settled is not replaced


def test_tasks_of_a_closed_node_are_queued_again(begin: Begin) -> None:
    """R55: after the grace a node that never becomes idle gives its task back and stays closed."""
    rehearsal = begin()
    fleet = rehearsal.fleet
    rehearsal.driver.disable_scheduling(fleet, "tvm-2", unguarded)
    busy = rehearsal.node("tvm-2")

    rehearsal.driver.disable_scheduling(fleet, "tvm-2", unguarded, requeue=True)

    after = rehearsal.node("tvm-2")
    assert (busy.takes_work, len(busy.running_tasks)) == (False, 1)
    assert (after.takes_work, after.is_idle) == (False, True)


def test_opening_twice_does_no_harm(begin: Begin) -> None:
    """R55: whoever comes after a crash opens what may be open already."""
    rehearsal = begin()
    rehearsal.driver.disable_scheduling(rehearsal.fleet, "tvm-0", unguarded)

    for _ in range(2):
        rehearsal.driver.enable_scheduling(rehearsal.fleet, "tvm-0", unguarded)

    assert rehearsal.node("tvm-0").takes_work
    rehearsal.driver.enable_scheduling(rehearsal.fleet, "tvm-99", unguarded)


@pytest.mark.parametrize("settings", [{"node_upgrade_way": "scale-set"}, {}])
def test_an_upgrade_of_azures_own_is_seen(begin: Begin, settings: dict[str, str]) -> None:
    """O4: the scale set behind tells of it, whatever our own way is."""
    rehearsal = begin(USER_SUBSCRIPTION, settings)
    fleet = rehearsal.fleet
    none = rehearsal.driver.fetch_foreign_rollout(fleet)
    behind = next(call for call in machines_behind(rehearsal))

    url = f"{rehearsal.url}{behind}/osRollingUpgrade?api-version=2024-07-01"
    answer = requests.post(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    rehearsal.pass_time(2)

    assert answer.status_code == 202, answer.text
    assert none == ""
    told = rehearsal.driver.fetch_foreign_rollout(fleet)
    assert told.startswith(f"{behind}: a rolling upgrade of Azure's own is RollingForward")


def test_an_upgrade_of_hidden_machines_is_seen_by_the_nodes(begin: Begin) -> None:
    """O4, R56: where no scale set is shown, what is upgradingos is the platform's; our own replacements are reimaging."""
    ours, azures = begin(), begin(platform_upgrades=True)
    ours.driver.begin_swap(ours.fleet, ["tvm-0"], NEW, unguarded)

    assert ours.driver.fetch_foreign_rollout(ours.fleet) == ""
    assert azures.driver.fetch_foreign_rollout(azures.fleet) == "Batch upgrades the OS of tvm-0 by itself"


def machines_behind(rehearsal: Rehearsal) -> list[str]:
    """The scale sets behind the pool, as the nodes name them."""
    nodes = requests.get(
        f"{rehearsal.url}/_batch/renders/pools/frames/nodes?api-version=2024-07-01.20.0",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
    ).json()["value"]
    return sorted({n["virtualMachineInfo"]["scaleSetVmResourceId"].rsplit("/", 2)[0] for n in nodes})


def test_what_pools_do_not_have_is_refused_or_empty(begin: Begin) -> None:
    """N15, O8: no surge, no quota, no repairs, no disks: nothing is pretended, and nothing is sent."""
    rehearsal = begin()
    driver, fleet = rehearsal.driver, rehearsal.fleet
    before = len(rehearsal.calls())

    assert driver.fetch_repairs_state(fleet) is RepairsState.NOT_RUNNING
    assert (driver.list_usages(fleet), driver.fetch_disks(fleet, ("d",))) == ((), {})
    assert driver.keep_disks(fleet, (), unguarded) == driver.prepare_rollback(fleet, {}, unguarded) == {}
    assert driver.fetch_awaited_version(fleet) == ""
    driver.prepare(fleet, (), unguarded)
    for refused in (
        lambda: driver.begin_scaling(fleet, 7, unguarded),
        lambda: driver.begin_deletion(fleet, ("tvm-0",), unguarded),
        lambda: driver.begin_delete_disk(fleet, "disk", unguarded),
        lambda: driver.begin_repairs_action(fleet, RepairsAction.SUSPEND, unguarded),
    ):
        with pytest.raises(CallRefusedError, match="Batch pools know no"):
            refused()
    assert len(rehearsal.calls()) == before


@pytest.mark.parametrize("mode", [BATCH_SERVICE, USER_SUBSCRIPTION])
def test_pools_are_listed_and_their_machines_are_not(begin: Begin, mode: str) -> None:
    """R54: phases see the pool as a fleet, once, and never the scale set behind it."""
    rehearsal = begin(mode)

    fleets = AzureFleetDirectory(rehearsal.client, SUBSCRIPTION).list_fleets()

    assert fleets == (rehearsal.fleet,)


def test_waiting_tasks_say_since_when(begin: Begin) -> None:
    """R55: the age of what holds up the finish is known by its start."""
    rehearsal = begin()
    rehearsal.pass_time(30)

    (task,) = rehearsal.node("tvm-2").running_tasks

    now = requests.get(f"{rehearsal.url}/_emulator/clock", timeout=10).json()["now"]
    assert task.since is not None
    assert task.since + timedelta(seconds=30) == type(task.since).fromisoformat(now)
    assert task.name.startswith("job/")


def test_a_scale_set_still_goes_to_its_own_driver(begin: Begin) -> None:
    """R54: one driver stands for both kinds, and an id says which kind it is."""
    rehearsal = begin()
    missing = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web"

    with pytest.raises(FleetNotFoundError):
        rehearsal.driver.fetch_fleet(parse_fleet_id(missing))

    assert rehearsal.calls()[-1] == f"GET {missing}"
