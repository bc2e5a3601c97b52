"""An ARM call and its reply, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidParameterError, InvalidRequestContentError
from arm_emulator.compute.disruption import UNDISTURBED, Disruption

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json; charset=utf-8"


@dataclass(slots=True)
class ArmCall:
    """A call as it came in.

    :param query: names in lower case, as ARM does not mind their case.
    :param headers: names in lower case.
    :param base_url: scheme and host as the caller addressed them; links are built on it.
    :param parameters: what the route's template found in the path.
    :param disruption: what a fault makes of the change that the call asks for.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    base_url: str
    body: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)
    disruption: Disruption = UNDISTURBED

    @property
    def api_version(self) -> str:
        """The ``api-version``; empty when there is none."""
        return self.query.get("api-version", "")

    def json_object(self) -> dict[str, Any]:
        """The body, which may be empty but otherwise is an object.

        :raises InvalidRequestContentError: it is neither.
        """
        if not self.body.strip():
            return {}
        try:
            content = json.loads(self.body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise InvalidRequestContentError(
                "The request content was invalid and could not be deserialized as an object."
            )
        return content

    def instance_ids(self) -> list[str] | None:
        """``instanceIds`` of the body; None when it names none.

        :raises InvalidParameterError: they are no list of ids.
        """
        ids = self.json_object().get("instanceIds")
        if ids is None:
            return None
        if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
            raise InvalidParameterError("instanceIds is no list of strings.", target="instanceIds")
        return ids

    def expects(self, name: str, allowed: frozenset[str]) -> str | None:
        """A query option in lower case; None when it is absent.

        :raises InvalidParameterError: it has another value than those allowed.
        """
        value = self.query.get(name)
        if value is not None and value.lower() not in allowed:
            raise InvalidParameterError(
                f"The value '{value}' of query parameter {name} is not supported.", target=name
            )
        return None if value is None else value.lower()


@dataclass(slots=True)
class ArmReply:
    """A reply: JSON text or nothing."""

    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: object, *, status: int = 200, headers: dict[str, str] | None = None) -> ArmReply:
        """A reply with a JSON body."""
        return cls(status, json.dumps(content), headers or {})
