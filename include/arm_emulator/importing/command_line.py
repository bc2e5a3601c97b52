"""``python -m arm_emulator import``: options, notes on standard error, and what stops an import."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import yaml

from arm_emulator.importing.files import ImportRefusedError, Place, read_json
from arm_emulator.importing.notes import Notes
from arm_emulator.importing.worlds import imported_world

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_USAGE = 2
"""The exit code of an import that cannot be, whatever the reason."""


class _Parser(argparse.ArgumentParser):
    """Options; a wrong one is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"arm_emulator import: {message} (--help lists the options)\n")


def main(arguments: Sequence[str]) -> int:
    """Write a world file from what the CLI printed.

    :return: the exit code; 2 where nothing was written.
    """
    options = _parser().parse_args(arguments)
    notes = Notes()
    try:
        document = imported_world(
            _read(options.scale_set),
            _read(options.instances),
            [_read(path) for path in options.load_balancer],
            notes,
        )
        _write(options.out, yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))
    except ImportRefusedError as error:
        sys.stderr.write(f"arm_emulator import: {error}\n")
        return BAD_USAGE
    for line in notes.lines():
        sys.stderr.write(f"arm_emulator import: {line}\n")
    count = len(document["scaleSets"][0]["x-emulator"]["instances"])
    sys.stdout.write(f"{options.out}: {document['scaleSets'][0]['resource']['id']} with {count} instances\n")
    return 0


def _read(path: Path) -> tuple[object, Place]:
    return read_json(path), Place(str(path))


def _write(path: Path, text: str) -> None:
    """The whole file or none."""
    half = path.with_name(f"{path.name}.part")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise ImportRefusedError(f"{path}: cannot be written: {error.strerror or error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="arm_emulator import",
        description="A world file from what the Azure CLI prints for a real scale set.",
    )
    parser.add_argument(
        "--scale-set", type=Path, required=True, metavar="show.json", help="the output of az vmss show"
    )
    parser.add_argument(
        "--instances", type=Path, required=True, metavar="instances.json",
        help="the output of az vmss list-instances --expand instanceView",
    )  # fmt: skip
    parser.add_argument(
        "--load-balancer", type=Path, action="append", default=[], metavar="lb.json",
        help="the output of az network lb show; may be given again",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="world.yaml", help="the world file to write"
    )
    return parser
