"""Clusters whose node pools are upgraded, and the events that a referee hears of it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from azure.mgmt.containerservice import ContainerServiceClient
from emulated_worlds import SUBSCRIPTION, Bearer, Credential, Emulator, Json

CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop"
FAMILY = "AKSUbuntu-2204gen2containerd"
OLD, NEW, NEWER = (f"{FAMILY}-2024{build}" for build in ("01.01.0", "02.12.0", "02.19.0"))
API = "2025-05-01"
STEADY_NODES = {
    "nodeCreate": 60,
    "nodeDrain": 10,
    "nodeReimage": 60,
    "nodeStart": 20,
    "nodeDelete": 30,
    "retryAfter": 0,
}
ONE_NODE = 10 + 60 + 20
"""Seconds from the cordon of a node to its return."""


def node_pool(name: str = "np1", *, count: int = 3, **properties: object) -> Json:
    """A profile of an agent pool, and its ``upgradeSettings`` by their names."""
    names = {"maxSurge", "maxUnavailable", "drainTimeoutInMinutes", "nodeSoakDurationInMinutes"}
    names |= {"undrainableNodeBehavior"}
    settings = {key: properties.pop(key) for key in names & set(properties)}
    body: Json = {
        "name": name,
        "count": count,
        "mode": "User",
        "vmSize": "Standard_D2s_v3",
        "osType": "Linux",
    }
    return {**body, **({"upgradeSettings": settings} if settings else {}), **properties}


def cluster_world(*pools: Json, extras: Json | None = None, **properties: object) -> Json:
    """A world of one cluster; one pool of three nodes unless told otherwise.

    :param extras: its ``x-emulator``; ``pools.np1`` says more of the pool
    """
    extras = {"nodeImages": {"latest": NEW}, "timings": STEADY_NODES, **(extras or {})}
    said = extras.setdefault("pools", {})
    profiles = list(pools or (node_pool(),))
    for profile in profiles:
        said[profile["name"]] = {"nodeImageVersion": OLD, **said.get(profile["name"], {})}
    body = {"kubernetesVersion": "1.30.4", "agentPoolProfiles": profiles, **properties}
    resource = {"id": CLUSTER, "location": "westeurope", "properties": body}
    return {"managedClusters": [{"resource": resource, "x-emulator": extras}]}


@dataclass(slots=True)
class NodePoolUnderTest:
    """One pool of a served cluster, by plain calls."""

    emulator: Emulator
    name: str = "np1"

    @property
    def path(self) -> str:
        """Of the agent pool."""
        return f"{CLUSTER}/agentPools/{self.name}"

    def upgrade(self) -> httpx.Response:
        """Ask for the newest image."""
        return self.emulator.arm("POST", f"{self.path}/upgradeNodeImageVersion", api_version=API)

    def post(self, action: str, body: Json | None = None) -> httpx.Response:
        """Another action on the pool."""
        return self.emulator.arm("POST", f"{self.path}/{action}", body, api_version=API)

    def machines(self) -> dict[str, str]:
        """The node image of each machine."""
        return {name: body["properties"]["nodeImageVersion"] for name, body in self._machines().items()}

    def states(self) -> dict[str, str]:
        """The ``provisioningState`` of each machine."""
        return {name: body["properties"]["provisioningState"] for name, body in self._machines().items()}

    def _machines(self) -> dict[str, Json]:
        answer = self.emulator.arm("GET", f"{self.path}/machines", api_version=API)
        return {body["name"]: body for body in answer.json()["value"]}

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.emulator.advance(seconds)

    def status(self, accepted: httpx.Response) -> Json:
        """How the operation of an accepted call stands."""
        return self.emulator.http.get(accepted.headers["Azure-AsyncOperation"]).json()


def container_service(emulator: Emulator, api_version: str = API) -> ContainerServiceClient:
    """The official client, unmodified."""
    return ContainerServiceClient(
        Credential(),
        SUBSCRIPTION,
        base_url=emulator.url,
        authentication_policy=Bearer(),
        polling_interval=0,
        api_version=api_version,
    )
