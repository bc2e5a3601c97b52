"""Which hosts are Azure's, which are this machine, and which may see a bearer token."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from fleetwright.azure.errors import ForeignLinkError

PUBLIC_ARM = "management.azure.com"
# learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure and .../azure/china
CLOUD_ARMS = (PUBLIC_ARM, "management.usgovcloudapi.net", "management.chinacloudapi.cn")

# Where each cloud signs people in; azure-identity knows public Azure's by itself.
_AUTHORITIES = {
    "management.usgovcloudapi.net": "login.microsoftonline.us",
    "management.chinacloudapi.cn": "login.chinacloudapi.cn",
}

# learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure#batch and .../azure/china
_BATCH_DOMAINS = {
    PUBLIC_ARM: "batch.azure.com",
    "management.usgovcloudapi.net": "batch.usgovcloudapi.net",
    "management.chinacloudapi.cn": "batch.chinacloudapi.cn",
}
_BATCH_AUDIENCES = {
    PUBLIC_ARM: "batch.core.windows.net",
    "management.usgovcloudapi.net": "batch.core.usgovcloudapi.net",
    "management.chinacloudapi.cn": "batch.chinacloudapi.cn",
}

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def host_of(url: str) -> str:
    """The host in lower case; this machine's names are one host."""
    host = (urlsplit(url).hostname or "").lower()
    return "localhost" if host in _LOOPBACK else host


def is_loopback(url: str) -> bool:
    """Whether the URL stays on this machine."""
    return host_of(url) == "localhost"


def cloud_of(url: str) -> str:
    """The Azure cloud's ARM host that the URL belongs to, regional hosts included; empty for others."""
    host = host_of(url)
    return next((cloud for cloud in CLOUD_ARMS if _is_within(host, cloud)), "")


def token_scope(url: str) -> str:
    """The scope to ask a token for: the cloud's own, public Azure's for any other endpoint.

    >>> token_scope("https://management.azure.com")
    'https://management.azure.com/.default'
    """
    return f"https://{cloud_of(url) or PUBLIC_ARM}/.default"


def batch_scope(arm_url: str) -> str:
    """The scope of tokens for the data planes of Batch accounts in the ARM endpoint's cloud.

    >>> batch_scope("https://management.azure.com")
    'https://batch.core.windows.net/.default'
    """
    return f"https://{_BATCH_AUDIENCES[cloud_of(arm_url) or PUBLIC_ARM]}/.default"


def is_batch_host(arm_url: str, url: str) -> bool:
    """Whether a URL is a Batch account's data plane in the cloud of the ARM endpoint."""
    domain = _BATCH_DOMAINS.get(cloud_of(arm_url), "")
    return bool(domain) and urlsplit(url).scheme == "https" and host_of(url).endswith(f".{domain}")


def authority_of(url: str) -> str:
    """The sign-in host of the endpoint's cloud; empty leaves it to azure-identity.

    >>> authority_of("https://management.usgovcloudapi.net")
    'login.microsoftonline.us'
    """
    return _AUTHORITIES.get(cloud_of(url), "")


def resolve_link(call_url: str, link: str) -> str:
    """A link from an answer as an absolute URL; an absolute one is left as it is, byte for byte."""
    return link if link.lower().startswith(("https://", "http://")) else urljoin(call_url, link)


def check_link(endpoint_url: str, link: str) -> None:
    """Make sure that a link may see the token.

    :raises ForeignLinkError: when it leads to another host, or from https to http
    """
    if not may_see_token(endpoint_url, link):
        raise ForeignLinkError(
            f"a link leads from {endpoint_url} to {host_of(link)!r}, which must not see the token: not followed"
        )


def may_see_token(endpoint_url: str, link: str) -> bool:
    """Whether a link leads to the endpoint's own host (or a host below it), and not from https to http."""
    if urlsplit(endpoint_url).scheme == "https" and urlsplit(link).scheme != "https":
        return False
    return _is_within(host_of(link), host_of(endpoint_url))


def _is_within(host: str, parent: str) -> bool:
    return host == parent or host.endswith(f".{parent}")
