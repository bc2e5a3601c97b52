"""One call to Azure Resource Manager and what became of it, as values."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

READS = frozenset({"GET", "HEAD"})

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it is meant, before anybody sends it.

    :param url: absolute; sent byte for byte
    :param is_sent_once: not sent again where it may have been carried out, whatever its method
    :param is_question: changes nothing, whatever its method: sent again like a read
    :param media_type: of the body, where it has one
    :param request_id: sent as ``x-ms-client-request-id``, the same one for every attempt
    """

    method: str
    url: str
    body: Mapping[str, Any] | None = None
    is_sent_once: bool = False
    is_question: bool = False
    media_type: str = "application/json"
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def is_read(self) -> bool:
        """Whether it cannot change anything."""
        return self.method in READS

    @property
    def path(self) -> str:
        """The URL's path alone: a query may carry a signature, so it is never shown."""
        return urlsplit(self.url).path

    @property
    def title(self) -> str:
        """The call in two words, for errors and logs."""
        return f"{self.method} {self.path}"

    @property
    def origin(self) -> str:
        """Scheme and host, with the port where it has one."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def subscription(self) -> str:
        """The subscription whose request budget pays for it, empty where it names none."""
        match = _SUBSCRIPTION.search(self.path)
        return match[1].lower() if match else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    :param headers: names in lower case
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """``Retry-After`` in seconds, None where it is missing; ARM writes whole seconds, never a date."""
        text = self.headers.get("retry-after", "").strip()
        return float(text) if text.isdecimal() else None


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection came about: nothing reached Azure.

    :param is_final: trying again cannot help: the certificate is not trusted, say
    """

    reason: str
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The request went out and no whole answer came back: Azure may have carried it out."""

    reason: str


Outcome = Answer | NotSent | Lost
