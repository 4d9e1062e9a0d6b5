"""Notices by webhook: one JSON POST each, always with the same ``Idempotency-Key`` for the same notice.

Slack's incoming webhooks, and what speaks like them, take ``{"text": ...}`` and know no keys: there a notice may come
twice after a crash. https://api.slack.com/messaging/webhooks
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import requests
import tenacity
from pydantic import AfterValidator, Field, SecretStr

from leadline.common.canonical import plain
from leadline.common.errors import ContractError, UsageError
from leadline.common.values import Raw
from leadline.connectors.http_answer import Answer, common_fault, lower
from leadline.connectors.retrying import Patience, TransientError
from leadline.connectors.settings import Settings
from leadline.connectors.trust import untrusted, verification

KEY_HEADER: Final = "Idempotency-Key"
_LONGEST_TEXT: Final = 30_000
"""Slack cuts texts off at 40,000 characters; escaped ones grow."""


def _address(secret: SecretStr) -> SecretStr:
    """Accept https anywhere, and http on this very machine."""
    try:
        parts = urlsplit(secret.get_secret_value())
        host = parts.hostname or ""
    except ValueError as error:
        raise ValueError("is not an address") from error
    if not host or parts.username or parts.password:
        raise ValueError("must be an https:// address without a user name")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise ValueError("must be an https:// address: whoever reads a notice on the way reads about people")
    return secret


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Channel(Settings):
    """Where notices go. The address is a secret: whoever knows it can write there.

    ``timeout``: seconds for one attempt; ``patience``: seconds that one notice may be tried again in all.
    """

    webhook: Annotated[SecretStr, AfterValidator(_address)]
    format: Literal["json", "slack"] = "json"
    timeout: float = Field(default=10.0, gt=0, le=120)
    patience: float = Field(default=30.0, ge=0, le=600)


class Webhooks:
    """Sends notices to configured channels. ``sleep`` (seconds) replaces the waits between attempts."""

    def __init__(self, channels: Mapping[str, Channel], sleep: Callable[[float], None] | None = None) -> None:
        self._channels = channels
        self._sleep = sleep or tenacity.nap.sleep
        self._session = requests.Session()
        # Without an auth of its own, requests reads ~/.netrc.
        self._session.auth = _as_it_is
        self._session.verify = verification()

    def deliver(self, channel: str, key: str, text: str, more: Mapping[str, Raw]) -> None:
        """Deliver one notice. Tried again while the receiver is busy or away, as long as it says (Retry-After).

        Raises UsageError for an unknown channel, ContractError where trying again never helps, UnavailableError or
        QuotaError when patience ends: then nobody knows whether it arrived, and it may be sent again.
        """
        known = self._channels.get(channel)
        if known is None:
            raise UsageError(f"leadline.yml has no channel {channel!r}: add it under `channels:`")
        body = _slack(text) if known.format == "slack" else {"key": key, "channel": channel, "text": text, **more}
        data = json.dumps(plain(body), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", KEY_HEADER: key}
        patience = Patience(
            known.patience, sleep=self._sleep, last_call=lambda: {"call": "POST", "purpose": "notice"}
        )
        patience.call(lambda: self._post(channel, known, data, headers))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _post(self, name: str, channel: Channel, data: bytes, headers: Mapping[str, str]) -> None:
        who = f"channel {name!r}"
        try:
            response = self._session.post(
                channel.webhook.get_secret_value(),
                data=data,
                headers=dict(headers),
                timeout=channel.timeout,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise untrusted(who, error) from None
        except requests.exceptions.Timeout:
            raise TransientError(f"{who} did not answer within {channel.timeout:g} s") from None
        except requests.exceptions.RequestException:
            raise TransientError(f"{who} cannot be reached, or dropped the connection") from None
        answer = Answer(response.status_code, lower(response.headers), response.content)
        if answer.ok:
            return
        fault = common_fault(answer, who)
        raise (
            fault if isinstance(fault, TransientError) else ContractError(f"{who} refused it (HTTP {answer.status})")
        )


def _slack(text: str) -> dict[str, Any]:
    """Escape what Slack would take for markup, so that nobody's name can call a whole channel."""
    safe = text[:_LONGEST_TEXT].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": safe}


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
