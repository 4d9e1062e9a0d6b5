"""The one connection pool that every API object of hubspot-api-client is given.

Left alone, each API object opens a pool of its own, waits without end, repeats GETs by itself, and fails inside its
own error handling on a TLS error or an error page that is not UTF-8. Here each answer is judged before it sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import urllib3
from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy

from leadline.connectors.http_answer import Answer, lower
from leadline.connectors.http_meter import Meter
from leadline.connectors.hubspot.answers import CRM, fault_of
from leadline.connectors.retrying import TransientError
from leadline.connectors.trust import untrusted, verification


class HubSpotPool:
    """Stands where the client expects a ``urllib3.PoolManager``; returns Answers, raises ``common.errors``."""

    def __init__(self, base_url: str, timeout: float, meter: Meter) -> None:
        self._seconds = timeout
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)
        self._meter = meter
        self._pool = _manager(base_url)

    def request(self, method: str, url: str, **given: Any) -> Answer:
        """Send one request and return its answer; a failed one raises the error it means."""
        given.pop("preload_content", None)
        given.pop("timeout", None)
        self._meter.before_call(method, url)
        try:
            response = self._pool.request(method, url, timeout=self._timeout, retries=False, redirect=False, **given)
        except urllib3.exceptions.SSLError as error:
            raise untrusted(CRM, error) from error
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise TransientError(f"{CRM} cannot be reached") from error
        except urllib3.exceptions.ReadTimeoutError as error:
            self._meter.sent()
            raise TransientError(f"{CRM} did not answer within {self._seconds:g} s") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._meter.sent()
            raise TransientError(f"{CRM} dropped the connection, or its answer broke off") from error
        self._meter.sent()
        answer = _Received(response.status, lower(response.headers), response.data)
        self._meter.heard(answer)
        fault = fault_of(answer)
        if fault is not None:
            raise fault
        return answer

    def clear(self) -> None:
        """Close all connections."""
        self._pool.clear()


class _Received(Answer):
    """An answer with the names by which the client's REST layer looks at it."""

    @property
    def data(self) -> bytes:
        return self.body


def _manager(base_url: str) -> urllib3.PoolManager:
    """Return the pool, through the proxy of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which the client overlooks."""
    common: dict[str, Any] = {"num_pools": 2, "maxsize": 2, "retries": False, "cert_reqs": "CERT_REQUIRED"}
    authorities = verification()
    if authorities is not True:
        common["ca_certs"] = authorities
    proxy = select_proxy(base_url, get_environ_proxies(base_url))
    if not proxy:
        return urllib3.PoolManager(**common)
    user, password = get_auth_from_url(proxy)
    headers = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **common)


def read_usage(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Return (used, allowed) calls of the day; an app's token by OAuth is not told them."""
    limit, remaining = headers.get("x-hubspot-ratelimit-daily"), headers.get("x-hubspot-ratelimit-daily-remaining")
    if limit is None or remaining is None or not (limit.isdigit() and remaining.isdigit()):
        return None
    return int(limit) - int(remaining), int(limit)
