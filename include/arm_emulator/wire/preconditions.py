"""``If-Match`` and ``If-None-Match``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import PreconditionFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping


def require_match(headers: Mapping[str, str], etag: str | None) -> None:
    """Refuse a change of a resource that is not what the caller saw last.

    :param etag: of the resource; None when there is no such resource yet.
    :raises PreconditionFailedError: a condition does not hold.
    """
    wanted = headers.get("if-match")
    if wanted is not None and (etag is None or not _names(wanted, etag)):
        raise PreconditionFailedError(
            f"The condition If-Match: {wanted} does not hold; the resource's etag is {etag}."
        )
    unwanted = headers.get("if-none-match")
    if unwanted is not None and etag is not None and _names(unwanted, etag):
        raise PreconditionFailedError(
            f"The condition If-None-Match: {unwanted} does not hold; the resource's etag is {etag}.",
        )


def _names(header: str, etag: str) -> bool:
    """Whether the header is ``*`` or lists the etag, with or without quotes, weak or not."""
    listed = {part.strip().removeprefix("W/").strip('"') for part in header.split(",")}
    return "*" in listed or etag.removeprefix("W/").strip('"') in listed
