"""Who writes down each call before it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from arm_emulator.state.journal import Beginning, Entry
from arm_emulator.state.secrets import without_tokens
from arm_emulator.wire.fingerprints import fingerprinted

if TYPE_CHECKING:
    from arm_emulator.state.clocks import RememberingClock
    from arm_emulator.state.journal import Journal
    from arm_emulator.wire.call import ArmCall

ARM, ARM_HIT, ARM_LATE, ADMIN, ADVANCE = "arm", "armHit", "armLate", "admin", "advance"
"""A whole ARM call; one up to the wait that a fault makes; what follows the wait; an own route that changes
something; one that only looks, and by that brings the world to the present."""

_HEADERS = ("if-match", "if-none-match")


class Recorder(Protocol):
    """Told of every call, after it was carried out and before it is answered."""

    def note_arm(self, kind: str, call: ArmCall, status: int | None = None) -> None:
        """An ARM call, or a part of one."""

    def note_admin(self, method: str, path: str, body: bytes) -> None:
        """A call of the emulator's own routes."""

    def note_beginning(self, text: str) -> None:
        """The world was replaced by this document."""


class NothingIsKept:
    """Without a state file."""

    def note_arm(self, kind: str, call: ArmCall, status: int | None = None) -> None:
        """Nothing."""

    def note_admin(self, method: str, path: str, body: bytes) -> None:
        """Nothing."""

    def note_beginning(self, text: str) -> None:
        """Nothing."""


class JournalRecorder:
    """Writes into a state file, each call with what the clock told during it."""

    def __init__(self, journal: Journal, clock: RememberingClock) -> None:
        self._journal = journal
        self._clock = clock

    def note_arm(self, kind: str, call: ArmCall, status: int | None = None) -> None:
        """An ARM call, or a part of one."""
        headers = {name: call.headers[name] for name in _HEADERS if name in call.headers}
        if "authorization" in call.headers:
            headers["authorization"] = fingerprinted(call.headers["authorization"])
        said: dict[str, Any] = {
            "method": call.method,
            "path": call.path,
            "query": dict(call.query),
            "headers": headers,
            "baseUrl": call.base_url,
            "body": call.body.decode("utf-8", "replace"),
            "status": status,
        }
        self._append(kind, said)

    def note_admin(self, method: str, path: str, body: bytes) -> None:
        """A call of the emulator's own routes; one that only looks is kept as the passing of time."""
        if method in {"GET", "HEAD"}:
            self._append(ADVANCE, {})
        else:
            self._append(ADMIN, {"method": method, "path": path, "body": body.decode("utf-8", "replace")})

    def note_beginning(self, text: str) -> None:
        """The world was replaced by this document: what came before no longer matters."""
        self._journal.begin(Beginning(without_tokens(text), self._clock.mode, self._clock.take_told()))

    def _append(self, kind: str, call: dict[str, Any]) -> None:
        instants = self._clock.take_told()
        if instants or kind != ADVANCE:
            self._journal.append(Entry(kind, self._clock.mode, instants, call))
