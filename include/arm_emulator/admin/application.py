"""The emulator's own routes, ``/_emulator/…``: no token, no ``api-version``."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request, Response

from arm_emulator.admin import bodies
from arm_emulator.admin.errors import install_error_handlers
from arm_emulator.admin.happenings import named_scale_set, scale, touch_instances
from arm_emulator.admin.image_routes import image_routes
from arm_emulator.compute.kept_texts import forget_texts
from arm_emulator.compute.rolling_upgrade_documents import upgrade_document
from arm_emulator.faults.document import FaultDocument
from arm_emulator.instants import admin_instant, parse_instant
from arm_emulator.world.reading import parse_world
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from arm_emulator.emulator import Emulator
    from arm_emulator.faults.faults import Fault

_WORLD_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}


def create_admin_app(emulator: Emulator) -> FastAPI:
    """The application that is mounted at ``/_emulator``."""
    app = FastAPI(title="arm_emulator", docs_url=None, redoc_url=None)
    install_error_handlers(app)
    app.include_router(_world_routes(emulator))
    app.include_router(image_routes(emulator))
    app.include_router(_happening_routes(emulator))
    app.include_router(_fault_routes(emulator))
    app.include_router(_record_routes(emulator))
    return app


def _json(content: object) -> Response:
    """A reply whose body is written at once: documents are large, and plain already."""
    return Response(json.dumps(content), media_type="application/json")


def _clock_words(emulator: Emulator) -> dict[str, str]:
    return {"now": admin_instant(emulator.world.now), "mode": emulator.clock.mode}


def _world_routes(emulator: Emulator) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Whether the emulator answers."""
        return {"status": "ok"}

    @router.get("/world")
    async def get_world() -> Response:
        """The world now, as a world document that can be loaded again."""
        emulator.advance()
        return _json(emulator.document())

    @router.post("/reset", openapi_extra=_WORLD_BODY)
    async def reset(request: Request) -> dict[str, str]:
        """Replace the world by a document, JSON or YAML; the record and the request log start anew."""
        text = (await request.body()).decode("utf-8", "replace")
        emulator.reset(validated(parse_world(text)))
        return _clock_words(emulator)

    @router.get("/clock")
    async def get_clock() -> dict[str, str]:
        """The world's time and the clock's mode."""
        emulator.advance()
        return _clock_words(emulator)

    @router.post("/clock")
    async def move_clock(body: bodies.MoveClock) -> dict[str, str]:
        """Move a manual clock on; what is due happens in order. An instant in the past changes nothing."""
        to = emulator.clock.now() + timedelta(seconds=body.advance or 0)
        emulator.move_clock(to if body.to is None else parse_instant(body.to))
        return _clock_words(emulator)

    return router


def _happening_routes(emulator: Emulator) -> APIRouter:
    router = APIRouter()

    @router.post("/scale")
    async def post_scale(body: bodies.Scale) -> dict[str, Any]:
        """Scale a set or a pool out or in, from outside."""
        emulator.advance()
        return scale(emulator.world, body)

    @router.post("/instances")
    async def post_instances(body: bodies.TouchInstances) -> dict[str, Any]:
        """Let something else happen to instances: a crash, maintenance, work."""
        emulator.advance()
        return {"id": touch_instances(emulator.world, body), "instances": body.instances}

    @router.post("/rollingUpgrades")
    async def post_rolling_upgrade(body: bodies.SetRollingUpgrade) -> dict[str, Any]:
        """Let somebody else run a rolling upgrade of a set, or take it away."""
        emulator.advance()
        scale_set = named_scale_set(emulator.world, body.id)
        said = body.rollingUpgrade
        upgrade = scale_set.rolling_upgrade = None if said is None else said.upgrade()
        forget_texts(scale_set)
        shown = None if upgrade is None else upgrade_document(upgrade)
        return {"id": scale_set.id.text, "rollingUpgrade": shown}

    return router


def _fault_routes(emulator: Emulator) -> APIRouter:
    router = APIRouter()

    @router.post("/faults")
    async def add_fault(body: FaultDocument) -> dict[str, Any]:
        """Add a fault; its seconds count from now."""
        emulator.advance()
        return _fault_words(emulator.add_fault(body), emulator)

    @router.get("/faults")
    async def list_faults() -> dict[str, Any]:
        """All faults, with how many calls each has matched and hit."""
        emulator.advance()
        return {"faults": [_fault_words(fault, emulator) for fault in emulator.faults.faults]}

    @router.delete("/faults")
    async def clear_faults() -> dict[str, Any]:
        """Remove all faults."""
        emulator.advance()
        emulator.clear_faults()
        return {"faults": []}

    return router


def _fault_words(fault: Fault, emulator: Emulator) -> dict[str, Any]:
    return {
        **fault.document.model_dump(mode="json", exclude_none=True),
        "id": fault.id,
        "matches": fault.matches,
        "hits": fault.hits,
        "over": fault.is_over(emulator.world.now),
    }


def _record_routes(emulator: Emulator) -> APIRouter:
    router = APIRouter()

    @router.get("/requests")
    async def get_requests() -> Response:
        """The ARM calls so far."""
        return _json(emulator.requests.report())

    @router.get("/audit")
    async def get_audit() -> Response:
        """The referee's report."""
        emulator.advance()
        return _json(emulator.audit())

    return router
