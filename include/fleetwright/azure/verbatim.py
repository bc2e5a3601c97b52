"""A ``requests`` adapter that leaves URLs as they are and trusts what our TLS settings trust.

Through a proxy urllib3 keeps its own ways: percent escapes are then upper-case, which means the same.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    _Connection = HTTPConnection
else:
    _Connection = object

KEPT_CONNECTIONS = 10  # per host; requests' own default

_TARGET = "X-Fleetwright-Target"  # from adapter to connection; never leaves the process


class _Verbatim(_Connection):
    """Sends the target as it was given: urllib3 rewrites percent escapes, which a signed URL may not survive."""

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:  # noqa: ANN401 - handed on to urllib3 unread
        sent = dict(headers or {})
        super().request(method, sent.pop(_TARGET, url), body=body, headers=sent, **options)


class _HttpConnection(_Verbatim, HTTPConnection): ...


class _HttpsConnection(_Verbatim, HTTPSConnection): ...


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class VerbatimAdapter(HTTPAdapter):
    """Connections that send every URL byte for byte.

    :param context: the TLS settings of all of them
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._context = context
        self.poolmanager = PoolManager(maxsize=KEPT_CONNECTIONS, ssl_context=context)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, proxy: str, **options: object) -> ProxyManager:
        """Make the pools for a proxy, with the same TLS settings."""
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **options)
        return cast("ProxyManager", manager)

    def add_headers(self, request: requests.PreparedRequest, **options: object) -> None:
        """Hand the target on to the connection, where no proxy stands between."""
        proxies = cast("dict[str, str]", options.get("proxies") or {})
        if not select_proxy(request.url or "", proxies):
            request.headers[_TARGET] = request.path_url
