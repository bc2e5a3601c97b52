"""Where the ledger lies, and how its URL may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from fleetwright.domain.errors import LedgerError

URL_VARIABLE = "FLEETWRIGHT_LEDGER_URL"
RUN_FOLDER = ".run"
LEDGER_FILE = "ledger.db"

_MASK = "***"
_SECRET_OPTION = re.compile(r"((?:pass|pwd|secret|token)\w*=)[^&]*", re.IGNORECASE)


def resolve_ledger_url(explicit: str | None, environ: Mapping[str, str]) -> str:
    """The URL that was given, else ``FLEETWRIGHT_LEDGER_URL``, else a file under ``.run/`` of this folder.

    :param explicit: from ``--ledger`` or a connection; empty counts as not given
    :raises LedgerError: when the default is used and its folder cannot be created
    """
    return given_ledger_url(explicit, environ) or default_ledger_url(Path.cwd() / RUN_FOLDER)


def given_ledger_url(explicit: str | None, environ: Mapping[str, str]) -> str:
    """The URL that was given, by flag, connection or environment; empty where none was."""
    return (explicit or "").strip() or environ.get(URL_VARIABLE, "").strip()


def default_ledger_url(run_folder: Path) -> str:
    """One file under the run folder; the folder is created, since it is ours.

    :raises LedgerError: when the folder cannot be created
    """
    folder = run_folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the ledger's folder {folder} cannot be created ({error.strerror}):"
            f" name a ledger with --ledger or {URL_VARIABLE}"
        ) from error
    return f"sqlite:///{quote(str(folder / LEDGER_FILE))}"


def mask_url(url: str) -> str:
    """The URL without its password, however malformed it is: rather too much is hidden than too little."""
    return _SECRET_OPTION.sub(rf"\1{_MASK}", _mask_user_info(url))


def _mask_user_info(url: str) -> str:
    scheme, slashes, rest = url.rpartition("://") if url.count("://") == 1 else ("", "", url)
    # A path holds no password, but may hold a colon and an at sign.
    if scheme.startswith("sqlite") and rest.startswith("/"):
        return url
    user_info, at, host = rest.rpartition("@")
    user, colon, _password = user_info.partition(":")
    return f"{scheme}{slashes}{user}{colon}{_MASK}{at}{host}" if at and colon else url
