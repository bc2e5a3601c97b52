"""Headers that every ARM reply carries."""

from __future__ import annotations

from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_READS_LEFT = "249"
_WRITES_LEFT = "199"
_BUCKETS: Mapping[str, str] = MappingProxyType(
    {
        "GET": "Microsoft.Compute/GetVMScaleSet3Min;394,Microsoft.Compute/GetVMScaleSet30Min;2582",
        "POST": "Microsoft.Compute/VMScaleSetActions3Min;239,Microsoft.Compute/VMScaleSetActions30Min;1199",
        "PUT": "Microsoft.Compute/CreateVMScaleSet3Min;119,Microsoft.Compute/CreateVMScaleSet30Min;599",
    }
)


def reply_headers(world: World, call: ArmCall) -> dict[str, str]:
    """Ids of the request, what is left of its throttling buckets, and the world's time.

    The buckets never run empty: throttling is what faults are for.
    """
    request_id = world.new_guid("request")
    headers = {
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": call.headers.get("x-ms-correlation-request-id", request_id),
        "x-ms-routing-request-id": f"EMULATOR:{world.now:%Y%m%dT%H%M%SZ}:{request_id}",
        "Date": format_datetime(world.now, usegmt=True),
        "Cache-Control": "no-cache",
    }
    if "x-ms-client-request-id" in call.headers:
        headers["x-ms-client-request-id"] = call.headers["x-ms-client-request-id"]
    if call.method == "GET":
        headers["x-ms-ratelimit-remaining-subscription-reads"] = _READS_LEFT
    else:
        headers["x-ms-ratelimit-remaining-subscription-writes"] = _WRITES_LEFT
    if "/microsoft.compute/" in call.path.lower() and call.method in _BUCKETS:
        headers["x-ms-ratelimit-remaining-resource"] = _BUCKETS[call.method]
    return headers
