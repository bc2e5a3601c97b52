"""Who holds a lease: words that lead a person to this very process."""

from __future__ import annotations

import getpass
import os
import secrets
import socket


def owner_of_process(verb: str) -> str:
    """The verb, who runs it and where; unique to this process.

    :param verb: as it was typed, ``run`` for instance
    """
    # The random part keeps a process of a later day with the same number from passing for this one.
    where = f"{socket.gethostname()}, pid {os.getpid()} ({secrets.token_hex(3)})"
    return f"fleetwright {verb} by {login_name()} on {where}"


def login_name() -> str:
    """Who is logged in here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"uid {os.getuid()}"
