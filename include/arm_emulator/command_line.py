"""``python -m arm_emulator``: options, the ready line, and what stops the start."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from arm_emulator.clock import Clock, ClockError, clock_named
from arm_emulator.importing.command_line import main as import_world
from arm_emulator.server import bind, create_app, create_server
from arm_emulator.state.journal import StateError
from arm_emulator.world.errors import WorldError
from arm_emulator.world.reading import read_world

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from fastapi import FastAPI

    from arm_emulator.world.document import WorldDocument

BAD_USAGE = 2
"""The exit code of a start that cannot be, whatever the reason."""


class StartError(Exception):
    """Something that stops the start, in one line."""

    kind = "StartError"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a world until a signal ends it, or import one.

    :return: the exit code.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["import"]:
        return import_world(words[1:])
    options = _parser().parse_args(words)
    try:
        app = create_app(_world_of(options.world), options.clock, seed=options.seed, state=options.state)
        listener = _listener(options.host, options.port)
    except (StartError, StateError) as error:
        sys.stderr.write(f"arm_emulator: {error}\n")
        return BAD_USAGE
    _serve(app, listener, options.host)
    return 0


def _world_of(path: Path) -> WorldDocument:
    try:
        return read_world(path)
    except WorldError as error:
        where = f"{path}:{error.line}" if error.line else str(path)
        raise StartError(f"{where}: {error}") from None


def _listener(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port)
    except OSError as error:
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None


def _serve(app: FastAPI, listener: socket.socket, host: str) -> None:
    """Connections wait in the listening socket's queue from now on: what the ready line promises holds."""
    port = listener.getsockname()[1]
    address = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"arm_emulator listening on http://{address}:{port}\n")
    sys.stdout.flush()
    try:
        create_server(app).run(sockets=[listener])
    except KeyboardInterrupt:
        return


class _Parser(argparse.ArgumentParser):
    """Options; a wrong one is one line, like everything else that stops the start."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"arm_emulator: {message} (--help lists the options)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="arm_emulator", description="A stand-in for Azure that speaks ARM over HTTP.")
    parser.add_argument("--world", type=Path, required=True, metavar="WORLD.yaml", help="the world to serve")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=8100, help="the port; 0 picks a free one (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="decides every draw (%(default)s)")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keeps the world, to go on with after a restart"
    )
    parser.add_argument("--clock", type=_clock, default="real", help="real, manual or scaled:FACTOR (real)")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: it is a number from 0 to 65535")
    return int(text)


def _clock(word: str) -> Clock:
    try:
        return clock_named(word)
    except ClockError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
