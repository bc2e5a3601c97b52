"""A rehearsal: an emulator on a manual clock, a ledger on a wall clock of its own, and rollouts between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from worlds import FLEET_ID, START, Json

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.records import RolloutView, TriggerKind
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.report import report
from fleetwright.rollout.request import RolloutRequest
from fleetwright.rollout.runner import opened, roll_out
from fleetwright.rollout.session import Ports

TOKEN = "s3cret-bearer-token"
EXPIRY = LeaseTerms(timedelta(seconds=30))

Happening = tuple[float, Callable[["Admin"], object]]


class WallClock:
    """The wall time that leases live on; it moves only when a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2024, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let wall time pass."""
        self.now += timedelta(seconds=seconds)


class Admin:
    """The emulator's own routes."""

    def __init__(self, url: str, fleet_id: str = FLEET_ID) -> None:
        self.url = url
        self.fleet_id = fleet_id
        self._http = requests.Session()

    def get(self, route: str) -> Json:
        """What a route answers."""
        return self._answer("GET", f"/_emulator/{route}")

    def post(self, route: str, **body: Json) -> Json:
        """Tell the emulator something."""
        return self._answer("POST", f"/_emulator/{route}", body)

    def instance_ids(self) -> frozenset[str]:
        """The instances that there are, as the emulator's own account of them says."""
        found: dict[str, Any] = self.get("world")["scaleSets"][0]
        numbers = range(found["resource"]["sku"]["capacity"])
        return frozenset(found["x-emulator"].get("instanceIds", map(str, numbers)))

    def touch(self, *instances: str, **what: str) -> None:
        """Something happens to instances: ``health=`` or ``power=``."""
        self.post("instances", id=self.fleet_id, instances=list(instances), **what)

    def patch(self, body: dict[str, Any]) -> None:
        """Change the scale set's model as its owner would."""
        self._answer("PATCH", f"{self.fleet_id}?api-version=2024-07-01", body)

    def act(self, action: str, **body: Json) -> None:
        """POST an action on the scale set, as somebody else would."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{self.url}{self.fleet_id}/{action}?api-version=2024-07-01"
        answer = self._http.post(url, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text

    def list_disks(self) -> list[dict[str, Any]]:
        """Every managed disk of the fleet's resource group."""
        group = self.fleet_id.partition("/providers/")[0]
        link = f"{group}/providers/Microsoft.Compute/disks?api-version=2024-03-02"
        found: list[dict[str, Any]] = []
        while link:
            page = self._answer("GET", link)
            found += page["value"]
            link = page.get("nextLink", "").removeprefix(self.url)
        return found

    def protect(self, instance: str) -> None:
        """Protect an instance from scale set actions, as its owner would."""
        shield = {
            "properties": {
                "protectionPolicy": {"protectFromScaleIn": True, "protectFromScaleSetActions": True}
            }
        }
        path = f"{self.fleet_id}/virtualMachines/{instance}?api-version=2024-07-01"
        self._answer("PUT", path, {"location": "westeurope", **shield})

    def audit(self) -> dict[str, Any]:
        """The referee's report on the set."""
        found: dict[str, Any] = self.get("audit")["scaleSets"][self.fleet_id]
        return found

    def violations(self) -> list[dict[str, Any]]:
        """What the referee found broken."""
        found: list[dict[str, Any]] = self.get("audit")["violations"]
        return found

    def mutating(self) -> int:
        """How many calls would have changed something."""
        return int(self.get("requests")["mutating"])

    def delete_faults(self) -> None:
        """Remove all faults."""
        self._answer("DELETE", "/_emulator/faults")

    def send(self, method: str, path: str) -> int:
        """An ARM call whose answer may be empty; its status."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self._http.request(method, self.url + path, headers=headers, timeout=30).status_code

    def _answer(self, method: str, path: str, body: Json = None) -> Json:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = self._http.request(method, self.url + path, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()


class EventfulClock(EmulatorClock):
    """The emulator's clock on which things happen at their instants, whoever waits.

    :cvar happenings: seconds after the world's start, and what is done then
    """

    happenings: Sequence[Happening] = ()

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self._admin = Admin(endpoint)
        start = datetime.fromisoformat(START)
        self._due = [(start + timedelta(seconds=after), deed) for after, deed in self.happenings]

    def wait_until(self, instant: datetime) -> None:
        """Stop at every happening on the way."""
        while self._due and self._due[0][0] <= instant:
            due, deed = self._due.pop(0)
            super().wait_until(due)
            deed(self._admin)
        super().wait_until(instant)


def eventful(*happenings: Happening) -> type[EventfulClock]:
    """A clock class with these happenings, in order of time."""
    return type("Clock", (EventfulClock,), {"happenings": happenings})


class Stages:
    """Running emulators that rehearsals take in turns: a world is loaded anew for each."""

    def __init__(self) -> None:
        self._all: list[EmulatorServer] = []
        self._free: list[EmulatorServer] = []

    def take(self, world: dict[str, Any]) -> EmulatorServer:
        """An emulator in which this world has just begun."""
        if not self._free:
            server = EmulatorServer(world, clock="manual", seed=0)
            self._all.append(server.__enter__())
            return server
        server = self._free.pop()
        Admin(server.url).post("reset", **world)
        return server

    def give_back(self, server: EmulatorServer) -> None:
        """Somebody else may have it."""
        self._free.append(server)

    def close(self) -> None:
        """Stop them all."""
        for server in self._all:
            server.__exit__(None, None, None)


class Rehearsal:
    """Rollouts of one world.

    :param stages: where the world is played
    :param folder: holds the ledger
    :param clock: how the rollouts see time
    """

    def __init__(
        self,
        stages: Stages,
        world: dict[str, Any],
        folder: Path,
        *,
        clock: type[EmulatorClock] = EmulatorClock,
    ) -> None:
        self._stages = stages
        self._server = stages.take(world)
        self.url = self._server.url
        self.admin = Admin(self.url)
        self.clock = clock(self.url)
        self.wall = WallClock()
        self.ledger_url = f"sqlite:///{folder / 'ledger.db'}"
        self._open: list[SqlLedger | ArmClient] = []

    def close(self) -> None:
        """Leave the stage to others."""
        for thing in self._open:
            thing.close()
        self._stages.give_back(self._server)

    def ports(self, *, node_upgrade_way: str = "") -> Ports:
        """The ports of one process: its own connections and its own ledger."""
        endpoint = AzureEndpoint(self.url, StaticToken(TOKEN), node_upgrade_way=node_upgrade_way)
        client = connect(endpoint, self.clock)
        ledger = open_ledger(self.ledger_url, wall_clock=self.wall)
        self._open += [client, ledger]
        driver, catalogue = FleetDrivers(client), AzureImageCatalogue(client)
        return Ports(self.clock, driver, catalogue, ledger, AzureRegionDirectory(client))

    def run(self, ports: Ports | None = None, *, owner: str = "first", **request: Json) -> RolloutView:
        """A whole rollout, as ``fleetwright run`` does it."""
        with opened(
            ports or self.ports(),
            asked(**request),
            owner=owner,
            terms=EXPIRY,
            keep_alive=lambda _lease: nullcontext(),
        ) as session:
            return roll_out(session)

    def disks(self) -> dict[str, Any]:
        """The OS disk of every member of a Flexible set, and the disks that nothing has attached."""
        listed = self.admin.list_disks()
        found: dict[str, Any] = {
            disk["managedBy"].rpartition("/")[2]: disk["id"]
            for disk in listed
            if "managedBy" in disk and "osType" in disk["properties"]
        }
        free = [d["id"] for d in listed if d["properties"]["diskState"] == "Unattached"]
        return {**found, "unattached": free}

    def state(self) -> dict[str, Any]:
        """What became of the instances, by the provider and its referee: comparable between rehearsals."""
        audit = self.admin.audit()
        document = self.admin.get("world")["scaleSets"][0]["x-emulator"]
        versions = {i: said.get("exactVersion") for i, said in document.get("instances", {}).items()}
        return {
            "swaps": audit["swaps"],
            "rollbacks": audit["rollbacks"],
            "imageVersions": audit["imageVersions"],
            "dataDisksLost": audit["dataDisksLost"],
            "versions": versions,
        }


def asked(**request: Json) -> RolloutRequest:
    """A request for the one fleet; automatic unless told otherwise."""
    trigger = TriggerKind(request.pop("trigger", "automatic"))
    return RolloutRequest(fleet_id=request.pop("fleet_id", FLEET_ID), trigger=trigger, **request)


def told(view: RolloutView) -> dict[str, Any]:
    """What the rollout reports, without what differs from run to run."""
    body = report(view)
    return {name: body[name] for name in ("status", "reason", "progress", "rollbackInfo")}


def swap_states(view: RolloutView) -> Counter[str]:
    """How many swaps are in which state."""
    return Counter(str(swap.state) for swap in view.swaps.values())
