"""Calls to what runs on this machine: no proxy of the person's stands between."""

from __future__ import annotations

from typing import Any

import requests

_TIMEOUT_SECONDS = 60


def loopback_session() -> requests.Session:
    """A session that ignores proxies and other settings of the environment."""
    session = requests.Session()
    session.trust_env = False
    return session


def answers(url: str) -> bool:
    """Whether something answers there, and well."""
    try:
        return loopback_session().get(url, timeout=5).ok
    except requests.RequestException:
        return False


def fetch_audit(emulator_url: str) -> dict[str, Any]:
    """The referee's report."""
    return _fetch(f"{emulator_url}/_emulator/audit")


def fetch_world(emulator_url: str) -> dict[str, Any]:
    """The world as it is now, as a world document."""
    return _fetch(f"{emulator_url}/_emulator/world")


def _fetch(url: str) -> dict[str, Any]:
    answer = loopback_session().get(url, timeout=_TIMEOUT_SECONDS)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def publish_image(emulator_url: str, publication: dict[str, Any]) -> None:
    """Publish a version, as ``POST /_emulator/images`` takes it."""
    answer = loopback_session().post(
        f"{emulator_url}/_emulator/images", json=publication, timeout=_TIMEOUT_SECONDS
    )
    answer.raise_for_status()


def reset_world(emulator_url: str, world: dict[str, Any]) -> None:
    """Put another world into the emulator."""
    answer = loopback_session().post(f"{emulator_url}/_emulator/reset", json=world, timeout=_TIMEOUT_SECONDS)
    answer.raise_for_status()
