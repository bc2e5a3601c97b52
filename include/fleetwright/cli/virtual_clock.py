"""Virtual time: now is the emulator's manual clock, and a wait moves it on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pendulum
import requests

from fleetwright.domain.errors import ConfigurationError, ProviderError

_TIMEOUT_SECONDS = 30


class EmulatorClock:
    """The clock of an emulator in manual mode; five minutes on it cost nothing.

    :param endpoint: where the emulator listens
    :raises ConfigurationError: when no emulator answers there, or its clock is not the manual one
    """

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint.rstrip('/')}/_emulator/clock"
        self._session = requests.Session()
        # An emulator stands on this machine or beside it: no proxy is between.
        self._session.trust_env = False
        mode = self._look().get("mode")
        if mode != "manual":
            raise ConfigurationError(
                f"--virtual-time: the clock of {endpoint} is {mode!r}; it needs an emulator started with --clock manual"
            )

    def now(self) -> datetime:
        """The emulator's present instant."""
        return _instant(self._look()["now"])

    def wait_until(self, instant: datetime) -> None:
        """Move the emulator's clock to the instant, running what happens on the way."""
        if instant > self.now():
            self._ask("POST", {"to": instant.astimezone(UTC).isoformat()})

    def _look(self) -> dict[str, Any]:
        try:
            return self._ask("GET", None)
        except ProviderError as error:
            raise ConfigurationError(f"--virtual-time needs an emulator: {error}") from error

    def _ask(self, method: str, body: dict[str, str] | None) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self._url, json=body, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except requests.ConnectionError as error:
            raise ProviderError(
                f"nobody answers at {self._url}; is the endpoint right, and is it running?"
            ) from error
        except (requests.RequestException, ValueError) as error:
            raise ProviderError(
                f"{method} {self._url} did not answer as an emulator's clock would: {error}"
            ) from error
        return found


def _instant(text: str) -> datetime:
    parsed = pendulum.parse(text)
    if not isinstance(parsed, datetime):
        raise ProviderError(f"the emulator's clock shows {text!r}, which is no instant")
    return parsed
