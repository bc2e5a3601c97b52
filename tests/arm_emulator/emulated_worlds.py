"""Worlds to emulate, and an emulator as a test talks to it."""

from __future__ import annotations

import time
from typing import Any, Protocol, TypedDict, Unpack

import httpx
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.compute import ComputeManagementClient

Json = dict[str, Any]

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
V1, V2, V3 = "18.04.202401010", "18.04.202402010", "18.04.202403010"
HEALTH_EXTENSION = {
    "name": "Health",
    "properties": {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "2.0",
        "settings": {"protocol": "http", "port": 80, "requestPath": "/"},
    },
}
STEADY = {"swap": 20, "boot": 10, "extension": 5, "health": 5, "retryAfter": 0}


def scale_set_id(name: str = "web", *, group: str = "rg", subscription: str = SUBSCRIPTION) -> str:
    """The id of a scale set."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
    )


def extension(name: str, *after: str) -> dict[str, Any]:
    """An extension that waits for others."""
    properties = {"publisher": "Contoso", "type": name, "typeHandlerVersion": "2.1"}
    return {"name": name, "properties": {**properties, "provisionAfterExtensions": list(after)}}


def scale_set(
    name: str = "web",
    *,
    capacity: int = 15,
    zones: tuple[str, ...] = ("1", "2", "3"),
    location: str = "westeurope",
    extensions: tuple[dict[str, Any], ...] = (HEALTH_EXTENSION,),
    upgrade_policy: dict[str, Any] | None = None,
    **extras: object,
) -> dict[str, Any]:
    """A scale set of a world document."""
    image = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "latest"}
    resource: dict[str, Any] = {
        "id": scale_set_id(name),
        "location": location,
        "sku": {"name": "Standard_D2s_v3", "tier": "Standard", "capacity": capacity},
        "properties": {
            "upgradePolicy": upgrade_policy or {"mode": "Manual"},
            "virtualMachineProfile": {
                "osProfile": {"computerNamePrefix": name},
                "storageProfile": {"imageReference": image, "osDisk": {"createOption": "FromImage"}},
                "extensionProfile": {"extensions": list(extensions)},
            },
        },
    }
    if zones:
        resource["zones"] = list(zones)
    return {"resource": resource, "x-emulator": {"imageVersion": V1, **extras}}


def world(*scale_sets: dict[str, Any], **sections: object) -> dict[str, Any]:
    """A world document; one scale set of 15 in three zones unless told otherwise."""
    image = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
    return {
        "subscriptions": [{"id": SUBSCRIPTION}],
        "platformImages": [{**image, "versions": [{"name": V1}, {"name": V2}]}],
        "timings": STEADY,
        "scaleSets": list(scale_sets or (scale_set(),)),
        **sections,
    }


class Credential:
    """Whoever has the usual token."""

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


class Bearer(SansIOHTTPPolicy):
    """Lets an official client show its token over plain HTTP."""

    def on_request(self, request: PipelineRequest) -> None:
        request.http_request.headers["Authorization"] = "Bearer token"


class CallOptions(TypedDict, total=False):
    """What an ARM call may have besides verb, path and body."""

    api_version: str | None
    params: dict[str, str]
    headers: dict[str, str]


class Emulator:
    """A running emulator as a test talks to it: raw ARM, admin routes, the official client."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, headers={"Authorization": "Bearer token"}, timeout=30)

    def arm(
        self, method: str, path: str, body: object = None, **options: Unpack[CallOptions]
    ) -> httpx.Response:
        """One ARM call with an api-version, unless ``api_version`` names another or None."""
        version = options.pop("api_version", "2024-07-01")
        params = {**options.pop("params", {}), **({} if version is None else {"api-version": version})}
        return self.http.request(method, path, json=body, params=params, **options)

    def admin(self, method: str, route: str, body: object = None) -> Json:
        """What one of the emulator's own routes answers, refusals included."""
        return self.http.request(method, f"/_emulator/{route}", json=body).json()

    def advance(self, seconds: float) -> None:
        """Move the manual clock on."""
        response = self.http.post("/_emulator/clock", json={"advance": seconds})
        assert response.status_code == 200, response.text

    def reimage(
        self, *instances: str, version: str | None = V2, name: str = "web", **options: Unpack[CallOptions]
    ) -> httpx.Response:
        """Reimage instances to a version."""
        body: dict[str, Any] = {"instanceIds": list(instances)}
        if version is not None:
            body["exactVersion"] = version
        return self.arm("POST", f"{scale_set_id(name)}/reimage", body, **options)

    def instance(self, instance: str, name: str = "web") -> dict[str, Any]:
        """An instance with its view."""
        path = f"{scale_set_id(name)}/virtualMachines/{instance}"
        return self.arm("GET", path, params={"$expand": "instanceView"}).json()

    def codes(self, instance: str, name: str = "web") -> list[str]:
        """The codes of an instance's statuses: provisioning, power, health where there is any."""
        view = self.instance(instance, name)["properties"]["instanceView"]
        health = [view["vmHealth"]["status"]["code"]] if "vmHealth" in view else []
        return [status["code"] for status in view["statuses"]] + health

    def audit(self, name: str = "web") -> dict[str, Any]:
        """The referee's report on one scale set."""
        return self.admin("GET", "audit")["scaleSets"][scale_set_id(name)]

    def broken_rules(self) -> list[str]:
        """The rules that the referee saw broken, in order."""
        return [violation["rule"] for violation in self.admin("GET", "audit")["violations"]]

    def compute(self) -> ComputeManagementClient:
        """The official client, unmodified."""
        return ComputeManagementClient(
            Credential(),
            SUBSCRIPTION,
            base_url=self.url,
            authentication_policy=Bearer(),
            polling_interval=0.01,
        )

    def batch(self, api_version: str = "2025-06-01") -> BatchManagementClient:
        """The official client of Batch's management plane, unmodified."""
        return BatchManagementClient(
            Credential(),
            SUBSCRIPTION,
            base_url=self.url,
            authentication_policy=Bearer(),
            polling_interval=0,
            api_version=api_version,
        )


class Serve(Protocol):
    """Serves a world, by an emulator that no other test talks to, until the test is over."""

    def __call__(
        self, document: dict[str, Any] | None = None, *, clock: str = "manual", seed: int = 0
    ) -> Emulator:
        """Serve the document; the usual world where there is none."""
