"""What an api-version of Microsoft.ContainerService knows of node OS channels (C9, R62)."""

from __future__ import annotations

from fleetwright.azure.urls import API_VERSIONS, MACHINES
from fleetwright.domain.node_pools.channels import NodeOsChannel

NAMESPACE = "Microsoft.ContainerService"
CHANNEL_FEATURE = f"{NAMESPACE}/NodeOsUpgradeChannelPreview"

_FIRST_PREVIEW = "2022-11-02"  # "11-02-preview" of the channel's first description
_FIRST_STABLE = "2023-06-01"  # from here on the channel is no preview, and NodeImage is its default
_PREVIEW = "-preview"


def default_channel(api_version: str) -> NodeOsChannel:
    """The channel of a cluster that shows none (C9).

    >>> str(default_channel("2022-11-02-preview")), str(default_channel("2023-06-01"))
    ('Unmanaged', 'NodeImage')
    """
    return NodeOsChannel.NODE_IMAGE if api_version[:10] >= _FIRST_STABLE else NodeOsChannel.UNMANAGED


def needs_feature(channel: NodeOsChannel, api_version: str) -> bool:
    """Whether the subscription has to have the channel's preview feature (R62)."""
    is_early = api_version.endswith(_PREVIEW) and api_version[:10] < _FIRST_STABLE
    return channel is NodeOsChannel.SECURITY_PATCH and is_early


def why_unknown(api_version: str) -> str:
    """Why an api-version cannot show a channel at all; empty where it can (R62)."""
    first = _FIRST_PREVIEW if api_version.endswith(_PREVIEW) else _FIRST_STABLE
    if api_version[:10] >= first:
        return ""
    return (
        f"api-version {api_version} knows no nodeOSUpgradeChannel: it exists since {_FIRST_PREVIEW}-preview and"
        f" {_FIRST_STABLE}, so the cluster reads as {NodeOsChannel.UNMANAGED}"
    )


def machines_version(setting: str) -> str:
    """The api-version of calls about machines, which show their image in previews only.

    :param setting: what the endpoint was given; only a newer preview counts here
    """
    known = API_VERSIONS[MACHINES]
    return setting if setting.endswith(_PREVIEW) and setting > known else known
