"""``make journeys``: random worlds by seed, each played to its end in virtual time and judged.

    python -m fleetwright_demo.journeys [--seed N] [--worlds 200] [--from 0] [--json] [--processes 2]

With ``--seed`` it is that one world, and everything that is said in it is shown with its virtual time.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterable, Sequence
from functools import partial

import click

from fleetwright_demo.journeys.drawn import DrawnWorld
from fleetwright_demo.journeys.playing import Played, play
from fleetwright_demo.journeys.side_by_side import play_all
from fleetwright_demo.journeys.stage import Stage
from fleetwright_demo.journeys.telling import line, reproduction, to_dict


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the worlds; 1 when a rule was broken in one."""
    asked = _parser().parse_args(arguments)
    if asked.seed is not None:
        return _tell([play(asked.seed, stage_of=_told_stage)], as_json=asked.json)
    seeds = range(asked.first, asked.first + asked.worlds)
    return _tell(play_all(seeds, asked.processes), as_json=asked.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fleetwright_demo.journeys", description="Play random worlds in virtual time."
    )
    number = partial(parser.add_argument, type=int)
    number("--seed", help="only this world, told as it happens")
    number("--worlds", default=200, help="how many; %(default)s unless given")
    number("--from", default=0, dest="first", metavar="SEED", help="the first; %(default)s unless given")
    number("--processes", default=os.cpu_count() or 1, help="side by side; %(default)s unless given")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _told_stage(world: DrawnWorld) -> Stage:
    """A stage of which everything that is said is shown, with the virtual time at which it is."""
    stage = Stage.of(world)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(partial(_with_time, stage))
    handler.setFormatter(logging.Formatter("%(at)s %(threadName)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    return stage


def _with_time(stage: Stage, record: logging.LogRecord) -> bool:
    record.at = f"{stage.clock.now():%d %H:%M:%S}"
    return True


def _tell(worlds: Iterable[Played], *, as_json: bool) -> int:
    """Each world when it is over; at the end, the line that plays each broken one again."""
    count, broken = 0, []
    for played in worlds:
        count += 1
        click.echo(json.dumps(to_dict(played)) if as_json else line(played))
        for wrong in played.broken:
            click.echo(f"  {wrong}", err=True)
        broken += [reproduction(played.world.seed)] if played.broken else []
    click.echo(f"{count} worlds, {len(broken)} broken", err=True)
    for again in broken:
        click.echo(again, err=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
