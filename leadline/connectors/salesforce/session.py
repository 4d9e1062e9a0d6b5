"""The one HTTP session to Salesforce: simple-salesforce speaks, this decides where to, how long, and what it meant.

simple-salesforce writes ``https://`` before every address; here every request goes to the configured base URL, so a
practice server or a recording proxy on plain HTTP can stand in. No hidden retries, no redirects, no .netrc.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.retry import Retry

from leadline.connectors.http_answer import Answer, lower
from leadline.connectors.http_meter import Meter
from leadline.connectors.retrying import TransientError
from leadline.connectors.salesforce.answers import CRM, fault_of
from leadline.connectors.trust import untrusted, verification

_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


class SalesforceSession(requests.Session):
    """A ``requests`` session bound to one base URL; every failed answer raises an error of ``common.errors``."""

    def __init__(self, base_url: str, timeout: float, meter: Meter) -> None:
        super().__init__()
        # What stands before every path here; on the way out the whole base URL takes its place.
        self.host_url = f"https://{urlsplit(base_url).netloc}"
        self._timeout = timeout
        self._meter = meter
        # Without an auth of its own, requests reads ~/.netrc and would replace the session's bearer token.
        self.auth = _as_it_is
        self.verify = verification()
        adapter = _ToBaseUrl(base_url)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request; raises the error its answer means. ``judge=False`` leaves the answer to the caller."""
        judge = kwargs.pop("judge", True)
        kwargs["timeout"] = self._timeout
        kwargs["allow_redirects"] = False
        self._meter.before_call(_text(method), _text(url))
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.exceptions.SSLError as error:
            raise untrusted(CRM, error) from error
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError) as error:
            if not _never_arrived(error):
                self._meter.sent()
            raise TransientError(f"{CRM} cannot be reached, or dropped the connection") from error
        except requests.exceptions.Timeout as error:
            self._meter.sent()
            raise TransientError(f"{CRM} did not answer within {self._timeout:g} s") from error
        except requests.exceptions.RequestException as error:
            self._meter.sent()
            raise TransientError(f"{CRM}'s answer broke off or cannot be decoded") from error
        self._meter.sent()
        answer = answer_of(response)
        self._meter.heard(answer)
        fault = fault_of(answer) if judge else None
        if fault is not None:
            raise fault
        return response


def answer_of(response: requests.Response) -> Answer:
    """Return a response as an Answer."""
    return Answer(response.status_code, lower(response.headers), response.content)


def read_usage(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Return (used, allowed) calls of the last 24 hours from ``Sforce-Limit-Info``."""
    found = _USAGE.search(headers.get("sforce-limit-info", ""))
    return (int(found[1]), int(found[2])) if found else None


class _ToBaseUrl(HTTPAdapter):
    def __init__(self, base_url: str) -> None:
        super().__init__(max_retries=Retry(0, read=False), pool_connections=1, pool_maxsize=2)
        self._base_url = base_url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.url = f"{self._base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _text(part: str | bytes) -> str:
    return part if isinstance(part, str) else part.decode("latin-1")


def _never_arrived(error: requests.exceptions.RequestException) -> bool:
    """Tell a refused connection or an unknown host from one that broke while the server worked."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
