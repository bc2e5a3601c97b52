"""Nodes of Batch pools as tests talk to them: the official client, and raw calls for what that cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.batch import BatchClient
from emulated_pools import ACCOUNT
from emulated_worlds import Bearer, Credential

if TYPE_CHECKING:
    import httpx
    from azure.batch.models import BatchNode
    from emulated_worlds import Emulator, Json

NEWEST = "2025-06-01"
BEFORE_2025 = "2024-02-01.19.0"


def batch_client(emulator: Emulator, account: str = ACCOUNT) -> BatchClient:
    """The official client, unmodified; it tries nothing twice."""
    endpoint = f"{emulator.url}/_batch/{account}"
    return BatchClient(endpoint, Credential(), authentication_policy=Bearer(), retry_total=0)


def data_plane(
    emulator: Emulator,
    method: str,
    path: str,
    body: object = None,
    *,
    api_version: str | None = NEWEST,
    headers: dict[str, str] | None = None,
    **query: str,
) -> httpx.Response:
    """One raw call of the first account's data plane; ``filter`` and ``select`` become ``$filter`` and ``$select``."""
    params = {f"${name}" if name in {"filter", "select"} else name: value for name, value in query.items()}
    if api_version is not None:
        params["api-version"] = api_version
    return emulator.http.request(
        method, f"/_batch/{ACCOUNT}{path}", json=body, params=params, headers=headers
    )


def node_of(emulator: Emulator, number: int, pool: str = "p1") -> BatchNode:
    """A node as the official client reads it."""
    return batch_client(emulator).get_node(pool, f"tvm-{number}")


def states(emulator: Emulator, *, api_version: str = NEWEST, pool: str = "p1") -> dict[str, str]:
    """The state of each node."""
    listed: Json = data_plane(emulator, "GET", f"/pools/{pool}/nodes", api_version=api_version).json()
    return {node["id"]: node["state"] for node in listed["value"]}


def act(
    emulator: Emulator, number: int, action: str, option: str | None = None, **body: str
) -> httpx.Response:
    """An action on a node of the first pool."""
    names = {
        "reimage": "nodeReimageOption",
        "reboot": "nodeRebootOption",
        "disablescheduling": "nodeDisableSchedulingOption",
    }
    content = {**({} if option is None else {names[action]: option}), **body}
    return data_plane(emulator, "POST", f"/pools/p1/nodes/tvm-{number}/{action}", content)
