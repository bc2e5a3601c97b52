"""Pages of lists: ``nextLink`` is the call's own address with a ``$skiptoken``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.wire.call import ArmReply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.wire.call import ArmCall

PAGE_SIZE = 200
"""Items of a page; 1,000 instances come in five."""

Item = TypeVar("Item")


def paged(call: ArmCall, items: Sequence[Item]) -> tuple[Sequence[Item], str | None]:
    """The page that the call asks for, and the link to the next one.

    :raises InvalidParameterError: the ``$skiptoken`` is none of ours.
    """
    start = skip_token(call) or 0
    end = start + PAGE_SIZE
    return items[start:end], next_link(call, end) if end < len(items) else None


def page_reply(call: ArmCall, items: Sequence[dict[str, Any]]) -> ArmReply:
    """The page of resources that the call asks for, as ARM answers lists.

    :raises InvalidParameterError: the ``$skiptoken`` is none of ours.
    """
    page, link = paged(call, items)
    return ArmReply.of({"value": list(page), **({"nextLink": link} if link else {})})


def skip_token(call: ArmCall) -> int | None:
    """The number in the call's ``$skiptoken``; None on the first page.

    :raises InvalidParameterError: it is none of ours.
    """
    token = call.query.get("$skiptoken")
    if token is None:
        return None
    if not token.isdecimal():
        raise InvalidParameterError(f"The $skiptoken '{token}' is invalid.", target="$skiptoken")
    return int(token)


def next_link(call: ArmCall, token: int) -> str:
    """The absolute address of the next page."""
    query = {**call.query, "$skiptoken": str(token)}
    return f"{call.base_url}{quote(call.path)}?{urlencode(query, safe='$/')}"
