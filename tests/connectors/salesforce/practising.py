"""What the Salesforce tests share: a practice server and settings for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leadline.connectors.practice.serving import Practice
from leadline.connectors.protocol import ActivityRequest, RecordRequest
from leadline.connectors.salesforce import SalesforceConnector, connect
from leadline.connectors.settings import SalesforceSettings


def auth_of(practice: Practice, flow: str) -> dict[str, Any]:
    """Return the practice server's credentials for one flow."""
    own = practice.credentials
    app = {"client_id": own.salesforce_client_id, "client_secret": own.salesforce_client_secret}
    user = {"username": own.salesforce_username}
    passwords = {"password": own.salesforce_password, "security_token": own.salesforce_security_token}
    flows: dict[str, dict[str, Any]] = {
        "client_credentials": app,
        "refresh": {**app, "refresh_token": own.salesforce_refresh_token},
        "jwt": {**user, "client_id": own.salesforce_client_id, "key": own.private_key},
        "password": {**user, **passwords},
        "password of an app": {**user, **passwords, **app},
    }
    return {"flow": flow.split(maxsplit=1)[0], **flows[flow]}


def connect_to(
    practice: Practice,
    *,
    flow: str = "client_credentials",
    sleep: Callable[[float], None] = lambda _: None,
    **settings: Any,
) -> SalesforceConnector:
    """Return a connector to the practice Salesforce that does not wait."""
    given = {"url": practice.salesforce_url, "auth": auth_of(practice, flow)} | settings
    return connect(SalesforceSettings.model_validate(given), sleep=sleep)


def read(connector: SalesforceConnector, name: str, fields: tuple[str, ...] = ("Id",), **more: Any) -> list[Any]:
    """Return all records of one object up to the server's present."""
    request = RecordRequest(name, fields, connector.server_time(), **more)
    return [record for page in connector.records(request) for record in page]


def happened(connector: SalesforceConnector, kind: str, **more: Any) -> list[Any]:
    """Return all activities of one kind up to the server's present."""
    request = ActivityRequest(kind, connector.server_time(), **more)
    return [one for page in connector.activities(request) for one in page]
