"""The application and the server that runs it."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from arm_emulator.admin.application import create_admin_app
from arm_emulator.aks.command_responses import command_routes
from arm_emulator.aks.machine_responses import node_machine_routes
from arm_emulator.aks.plane.cluster_responses import cluster_routes
from arm_emulator.aks.plane.maintenance_responses import maintenance_routes
from arm_emulator.aks.plane.pool_responses import agent_pool_routes
from arm_emulator.aks.plane.upgrade_profiles import upgrade_profile_routes
from arm_emulator.aks.upgrade_responses import upgrade_routes
from arm_emulator.arm_errors import ArmError
from arm_emulator.batch.account_responses import account_routes
from arm_emulator.batch.node_responses import node_routes
from arm_emulator.batch.pool_responses import pool_routes
from arm_emulator.batch.served_pool_responses import served_pool_routes
from arm_emulator.batch.task_responses import task_routes
from arm_emulator.compute.action_responses import action_routes
from arm_emulator.compute.disk_responses import disk_routes
from arm_emulator.compute.instance_responses import InstanceResponses
from arm_emulator.compute.kept_texts import KeptTexts
from arm_emulator.compute.machine_lists import MachineLists
from arm_emulator.compute.machine_responses import machine_routes
from arm_emulator.compute.orchestration_responses import orchestration_routes
from arm_emulator.compute.rolling_upgrade_responses import rolling_upgrade_routes
from arm_emulator.compute.scale_set_responses import scale_set_routes
from arm_emulator.compute.usage_responses import usage_routes
from arm_emulator.emulator import Emulator
from arm_emulator.galleries.responses import gallery_routes
from arm_emulator.galleries.visible_responses import visible_gallery_routes
from arm_emulator.images.responses import image_routes
from arm_emulator.network.responses import network_routes
from arm_emulator.operations.responses import OperationResponses
from arm_emulator.protocol import DroppableProtocol
from arm_emulator.resources.feature_responses import feature_routes
from arm_emulator.resources.responses import resource_routes
from arm_emulator.seeded import Seed
from arm_emulator.service_fabric.responses import service_fabric_routes
from arm_emulator.state.admin_calls import RecordedAdmin
from arm_emulator.state.clocks import RememberingClock
from arm_emulator.state.journal import Journal
from arm_emulator.state.recorder import JournalRecorder, NothingIsKept
from arm_emulator.state.replay import replay
from arm_emulator.state.secrets import without_tokens
from arm_emulator.wire.call import ArmCall, ArmReply
from arm_emulator.wire.error_reply import error_reply
from arm_emulator.wire.gateway import ArmGateway
from arm_emulator.wire.router import Router

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from arm_emulator.clock import Clock
    from arm_emulator.state.recorder import Recorder
    from arm_emulator.world.document import WorldDocument
    from arm_emulator.world.world import World

_OWN = "/_emulator"


def create_app(document: WorldDocument, clock: Clock, *, seed: int = 0, state: Path | None = None) -> FastAPI:
    """The whole emulator as an ASGI application.

    :param document: a world that passed validation.
    :param state: the file that keeps the world; one that holds a world already is gone on with.
    :raises StateError: that file cannot be used.
    """
    if state is None:
        emulator = Emulator(document, clock, Seed(seed))
        return _served(emulator, NothingIsKept())
    given = document.model_dump_json(by_alias=True, exclude_unset=True)
    journal = Journal(state, given=given, seed=seed)
    remembering = RememberingClock(clock)
    emulator = Emulator(document, remembering, Seed(seed))
    recorder = JournalRecorder(journal, remembering)
    beginning = journal.beginning
    if beginning is None:
        recorder.note_beginning(given)
    else:
        gateway = ArmGateway(emulator, create_router(), NothingIsKept())
        admin = create_admin_app(emulator)
        if beginning.text == without_tokens(given):
            beginning = beginning._replace(text=given)  # its tokens are shown as its author wrote them
        asyncio.run(replay(journal, beginning, emulator=emulator, gateway=gateway, admin=admin))
        remembering.take_told()
    return _served(emulator, recorder)


def _served(emulator: Emulator, recorder: Recorder) -> FastAPI:
    app = _Emulated(title="arm_emulator", openapi_url=None, docs_url=None, redoc_url=None)
    app.mount(_OWN, RecordedAdmin(create_admin_app(emulator), recorder))
    app.arm = ArmGateway(emulator, create_router(), recorder)
    app.mount("/", app.arm)
    return app


class _Emulated(FastAPI):
    """ARM's calls go straight to their gateway: what FastAPI puts around an application is none of theirs."""

    arm: ArmGateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_arm = scope["type"] == "http" and not scope["path"].startswith(_OWN)
        await (self.arm(scope, receive, send) if is_arm else super().__call__(scope, receive, send))


def create_router() -> Router:
    """All ARM routes."""
    texts = KeptTexts()
    instances = InstanceResponses(texts)
    machines = (*machine_routes(), *MachineLists(texts).routes(), *disk_routes())
    clusters = (*cluster_routes(), *agent_pool_routes(), *upgrade_profile_routes(), *maintenance_routes())
    resources = Router((*scale_set_routes(), *gallery_routes(), *instances.routes(), *machines, *clusters))
    operations = OperationResponses(_reader(resources))
    return Router(
        (
            *resources.routes,
            *action_routes(),
            *rolling_upgrade_routes(),
            *orchestration_routes(),
            *operations.routes(),
            *image_routes(),
            *visible_gallery_routes(),
            *usage_routes(),
            *network_routes(),
            *service_fabric_routes(),
            *account_routes(),
            *pool_routes(),
            *resource_routes(),
            *feature_routes(),
            *served_pool_routes(),
            *node_routes(),
            *task_routes(),
            *command_routes(),
            *upgrade_routes(),
            *node_machine_routes(),
        )
    )


def _reader(router: Router) -> Callable[[World, str, str], ArmReply]:
    """What a GET of a path would answer by an api-version, for operations whose result is a resource."""

    def read(world: World, path: str, api_version: str) -> ArmReply:
        query = {"api-version": api_version} if api_version else {}
        call = ArmCall("GET", path, query=query, headers={}, base_url="")
        try:
            match = router.find("GET", path)
            call.parameters = match.parameters
            return match.route.handler(world, call)
        except ArmError as error:
            return error_reply(error)

    return read


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, so that the port is known, or known to be taken, before anything starts.

    :raises OSError: the port is taken, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def create_server(app: FastAPI) -> uvicorn.Server:
    """A server for the application, quiet and with the world's time as the only one that it prints."""
    config = uvicorn.Config(
        app,
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)
