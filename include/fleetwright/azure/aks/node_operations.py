"""Operations on node pools: upgrade and abort, and what a look at one of them says."""

from __future__ import annotations

from dataclasses import replace

from fleetwright.azure.aks.run_command import is_command_result, read_result
from fleetwright.azure.bodies import as_body, text_at
from fleetwright.azure.calls import Answer, Call
from fleetwright.azure.client import ArmClient
from fleetwright.azure.operations import Look, LookReader, read_look
from fleetwright.azure.paging import read_json
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationState, OperationStatus

_CANCELED = ("canceled", "cancelled")


class NodeOperations:
    """Calls that change a pool, each sent once."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def begin_upgrade(self, cluster: Cluster, pool: str, guard: Guard) -> str:
        """Upgrade a pool to the newest node image; the poll URL, empty where there was nothing to do."""
        return self._act(cluster, pool, "upgradeNodeImageVersion", guard)

    def abort(self, cluster: Cluster, pool: str, guard: Guard) -> str:
        """Stop a pool's operation; the poll URL, empty where there was none."""
        return self._act(cluster, pool, "abort", guard)

    def look(self, url: str) -> OperationStatus:
        """Look at an operation or a command once."""
        return self._client.look(url, _reader_of(url)).status

    async def look_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        return (await self._client.reader.look(url, _reader_of(url))).status

    def _act(self, cluster: Cluster, pool: str, action: str, guard: Guard) -> str:
        url = self._client.cluster_url(f"{cluster.cluster_id.pool_id(pool)}/{action}")
        return self._client.change("POST", url, None, guard)


def _reader_of(url: str) -> LookReader:
    return read_result if is_command_result(url) else _read_operation


def _read_operation(call: Call, answer: Answer) -> Look:
    """As any operation's; one that was canceled says that word, whatever its error calls it."""
    look = read_look(call, answer)
    status, word = look.status, text_at(as_body(read_json(call, answer)), "status")
    is_told = word.lower() in status.error.lower()
    if status.state is OperationState.FAILED and word.lower() in _CANCELED and not is_told:
        return replace(look, status=replace(status, error=f"{word}: {status.error}"))
    return look
