"""The ARM side of the server: one ASGI application for all routes but the emulator's own."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from arm_emulator.arm_errors import ArmError, InjectedError
from arm_emulator.batch.ids import is_of_batch
from arm_emulator.batch.node import instance_of, node_id
from arm_emulator.faults.document import EffectDocument
from arm_emulator.faults.faults import CallFacts, disruption_of
from arm_emulator.protocol import drop_connection
from arm_emulator.state.recorder import ARM, ARM_HIT, ARM_LATE
from arm_emulator.wire.authentication import require_token, revoke_token
from arm_emulator.wire.call import ArmCall
from arm_emulator.wire.dialect import dialect_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from arm_emulator.emulator import Emulator
    from arm_emulator.state.recorder import Recorder
    from arm_emulator.wire.call import ArmReply
    from arm_emulator.wire.router import Match, Router

_LOG = logging.getLogger(__name__)
_NO_ROUTE = "(no such route)"


class ArmGateway:
    """Takes a call from the wire to its handler and back, through faults, tokens and versions."""

    def __init__(self, emulator: Emulator, router: Router, recorder: Recorder) -> None:
        self._emulator = emulator
        self._router = router
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or close its connection where a fault says so."""
        request = Request(scope, receive)
        call = _call_of(request, await request.body())
        match, effect = self.take(call)
        kind = ARM
        if effect is not None and effect.latency is not None:
            self._recorder.note_arm(ARM_HIT, call)
            await asyncio.sleep(effect.latency)
            self._emulator.advance()
            kind = ARM_LATE
        reply = None if effect is not None and effect.reset else self._reply(call, match, effect)
        is_lost = reply is None or (effect is not None and effect.applyThenReset)
        status = None if is_lost or reply is None else reply.status
        self._note(call, match, effect, status)
        self._recorder.note_arm(kind, call, status)
        if is_lost or reply is None:
            await drop_connection(scope, receive)
        else:
            await self._response(call, reply)(scope, receive, send)

    def take(self, call: ArmCall) -> tuple[Match | ArmError, EffectDocument | None]:
        """The first part of a call: its route, and what the faults make of it at the world's present."""
        match = self._find(call)
        self._emulator.advance()
        return match, self._emulator.hit(_facts(call, match))

    def repeat(self, call: ArmCall, status: int | None) -> None:
        """Carry out again a call that is on record.

        :param status: what it was answered; a call that only read is not carried out.
        """
        match, effect = self.take(call)
        self._repeat_reply(call, match, effect, status)

    def repeat_late(self, call: ArmCall, status: int | None) -> None:
        """As :meth:`repeat`, for what followed the wait of a call that a fault delayed."""
        self._emulator.advance()
        self._repeat_reply(call, self._find(call), EffectDocument(latency=0), status)

    def _repeat_reply(
        self, call: ArmCall, match: Match | ArmError, effect: EffectDocument | None, status: int | None
    ) -> None:
        only_reads = not isinstance(match, ArmError) and match.route.only_reads
        if not (effect is not None and effect.reset) and not (only_reads and effect is None):
            self._reply(call, match, effect)
        self._note(call, match, effect, status)
        if status is not None:
            dialect_of(call.path).headers(
                self._emulator.world, call
            )  # the ids in them are the world's to issue

    def _find(self, call: ArmCall) -> Match | ArmError:
        try:
            return self._router.find(call.method, call.path)
        except ArmError as error:
            return error

    def _reply(self, call: ArmCall, match: Match | ArmError, effect: EffectDocument | None) -> ArmReply:
        speech = dialect_of(call.path)
        try:
            if effect is not None and effect.status is not None:
                return _injected(call, effect, effect.status)
            if effect is not None and effect.tokenExpires:
                revoke_token(self._emulator.world, call.headers)
            require_token(self._emulator.world, call.headers)
            speech.require_version(call.path, call.api_version)
            if isinstance(match, ArmError):
                return speech.error(call, match)
            call.parameters = match.parameters
            call.disruption = disruption_of(effect)
            return match.route.handler(self._emulator.world, call)
        except ArmError as error:
            return speech.error(call, error)
        except Exception as error:  # noqa: BLE001 - a defect here must not look like a lost connection
            _LOG.exception("%s %s failed", call.method, call.path)
            return speech.error(
                call, InjectedError(500, "InternalServerError", f"The emulator failed: {error!r}")
            )

    def _response(self, call: ArmCall, reply: ArmReply) -> Response:
        speech, world = dialect_of(call.path), self._emulator.world
        headers = speech.headers(world, call)
        text = speech.complete(world, reply.text, headers)
        media_type = speech.media_type if text else None
        return Response(text, reply.status, {**headers, **reply.headers}, media_type=media_type)

    def _note(
        self, call: ArmCall, match: Match | ArmError, effect: EffectDocument | None, status: int | None
    ) -> None:
        self._emulator.requests.add(
            call,
            at=self._emulator.world.now,
            label=f"{call.method} {_NO_ROUTE}" if isinstance(match, ArmError) else match.route.label,
            status=status,
            fault=None if effect is None else effect.kind,
        )
        self._emulator.settle_call()


def _call_of(request: Request, body: bytes) -> ArmCall:
    return ArmCall(
        method=request.method,
        path=request.scope["path"],
        query={name.lower(): value for name, value in request.query_params.items()},
        headers=dict(request.headers),
        base_url=f"{request.url.scheme}://{request.url.netloc}",
        body=body,
    )


def _facts(call: ArmCall, match: Match | ArmError) -> CallFacts:
    """The call as faults see it: an action that names no instances is about all of them."""
    instances: frozenset[str] | None = frozenset()
    if not isinstance(match, ArmError):
        one = match.parameters.get("instanceId") or match.parameters.get("vmName")
        node = match.parameters.get("nodeId")
        machine = match.parameters.get("machineName")
        if machine is not None:
            instances = frozenset({machine})
        elif node is not None:
            instances = frozenset({node_id(instance_of(node)), instance_of(node)})
        elif one is not None:
            instances = frozenset({one})
        elif match.route.touches_instances:
            instances = _named_in_body(call)
        instances = _with_aliases(instances, match.parameters.get("vmScaleSetName"))
    return CallFacts(call.method, call.path, instances)


def _with_aliases(named: frozenset[str] | None, scale_set: str | None) -> frozenset[str] | None:
    """Members of Flexible sets by their ids and by the names of their virtual machines, ``web_7`` and ``7``.

    Machines of a Batch pool by their node, too: ``tvm-7``.
    """
    if named is None:
        return None
    ids = {name.rpartition("_")[2] for name in named if name.rpartition("_")[2].isdecimal()}
    machines = {f"{scale_set}_{i}" for i in ids} if scale_set else set()
    nodes = set(map(node_id, ids)) if scale_set and is_of_batch(scale_set) else set()
    return named | ids | machines | nodes


def _named_in_body(call: ArmCall) -> frozenset[str] | None:
    try:
        named = call.instance_ids()
    except ArmError:
        return frozenset()
    return frozenset(named) if named and "*" not in named else None


def _injected(call: ArmCall, effect: EffectDocument, status: int) -> ArmReply:
    speech = dialect_of(call.path)
    code = effect.code or speech.fault_codes.get(
        status, "InternalServerError" if status >= 500 else "BadRequest"
    )
    message = effect.message or f"A fault of this world answers {status}."
    reply = speech.error(call, InjectedError(status, code, message))
    if effect.retryAfter is not None:
        reply.headers["Retry-After"] = str(effect.retryAfter)
    return reply
