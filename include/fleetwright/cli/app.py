"""The ``fleetwright`` command: its verbs, and what becomes of their errors."""

from __future__ import annotations

import signal
import sys

import click

from fleetwright import __version__
from fleetwright.cli.busy import busy
from fleetwright.cli.cancel import cancel
from fleetwright.cli.disks import disks
from fleetwright.cli.evaluate import evaluate
from fleetwright.cli.exit_codes import EXIT_HELD, EXIT_STOPPED, EXIT_USAGE
from fleetwright.cli.features import features
from fleetwright.cli.history import history
from fleetwright.cli.hold import hold, holds, release
from fleetwright.cli.journeys import journeys
from fleetwright.cli.locks import locks
from fleetwright.cli.output import keep_quiet, print_error
from fleetwright.cli.phases import phases
from fleetwright.cli.plan import plan
from fleetwright.cli.quarantine import quarantine
from fleetwright.cli.run import run
from fleetwright.cli.serve import serve
from fleetwright.domain.errors import FleetwrightError, HeldError


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.version_option(__version__, prog_name="fleetwright")
def fleetwright() -> None:
    """Roll new OS images out over Azure scale sets, Batch pools and AKS clusters, batch by batch, pool by pool."""


for _verb in (
    run,
    plan,
    history,
    busy,
    cancel,
    hold,
    release,
    holds,
    quarantine,
    locks,
    disks,
    evaluate,
    features,
    phases,
    journeys,
    serve,
):
    fleetwright.add_command(_verb)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit; every error is one line on standard error."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(exit_code(arguments))


def _interrupt(_number: int, _frame: object) -> None:
    # Ended kindly, a rollout gives its fleet back at once instead of by its lease's expiry.
    raise KeyboardInterrupt


def exit_code(arguments: list[str] | None = None) -> int:
    """Run the command; see ``exit_codes``."""
    keep_quiet()
    try:
        # click returns its own code for --help and --version, and a verb's code otherwise.
        return int(fleetwright.main(arguments, prog_name="fleetwright", standalone_mode=False) or 0)
    except click.ClickException as error:
        verb = getattr(getattr(error, "ctx", None), "command_path", "fleetwright")
        print_error(f"{error.format_message()} (see {verb} --help)")
        return EXIT_USAGE
    except HeldError as held:
        for reason in held.reasons:
            print_error(f"held: {reason}")
        return EXIT_HELD
    except FleetwrightError as error:
        print_error(str(error))
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        print_error("interrupted; a rollout that was under way is resumed by the next run")
        return EXIT_STOPPED
