"""Settings refuse what cannot work, and never show a secret."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from leadline.connectors.settings import HubSpotSettings, SalesforceSettings

SECRET = "s3cr3t-value"
AUTHS = [
    {"flow": "client_credentials", "client_id": "app", "client_secret": SECRET},
    {"flow": "jwt", "client_id": "app", "username": "u@example.com", "key": SECRET},
    {"flow": "password", "username": "u@example.com", "password": SECRET, "security_token": SECRET},
    {"flow": "refresh", "client_id": "app", "client_secret": SECRET, "refresh_token": SECRET},
]
BAD: list[tuple[type[BaseModel], dict[str, object], str]] = [
    (SalesforceSettings, {"url": "acme.my.salesforce.com", "auth": AUTHS[0]}, "http"),
    (SalesforceSettings, {"url": f"https://me:{SECRET}@acme.example", "auth": AUTHS[0]}, "password"),
    (SalesforceSettings, {"url": "https://acme.example?x=1", "auth": AUTHS[0]}, "query"),
    (SalesforceSettings, {"url": "https://acme.example", "version": "62", "auth": AUTHS[0]}, "pattern"),
    (SalesforceSettings, {"url": "https://acme.example", "auth": AUTHS[0] | {"client_secret": " "}}, "empty"),
    (SalesforceSettings, {"url": "https://acme.example", "auth": {"flow": "magic", "key": SECRET}}, "flow"),
    (SalesforceSettings, {"url": "https://acme.example", "auth": AUTHS[1] | {"key_file": "k.pem"}}, "one of"),
    (SalesforceSettings, {"url": "https://acme.example", "auth": AUTHS[2] | {"client_id": "a"}}, "together"),
    (SalesforceSettings, {"url": "https://acme.example", "auth": AUTHS[0], "tmeout": 3}, "tmeout"),
    (HubSpotSettings, {}, "one of token and oauth"),
    (HubSpotSettings, {"token": SECRET, "timeout": 0}, "timeout"),
    (HubSpotSettings, {"token": SECRET, "quota_share": 1.5}, "quota_share"),
    (
        HubSpotSettings,
        {"token": SECRET, "oauth": {"client_id": "a", "client_secret": SECRET, "refresh_token": SECRET}},
        "one of",
    ),
]


@pytest.mark.parametrize("auth", AUTHS, ids=lambda auth: str(auth["flow"]))
def test_every_flow_is_read_and_hides_its_secrets(auth: dict[str, str]) -> None:
    """Each way to sign in is accepted; repr and str show no secret; the address loses its last slash."""
    settings = SalesforceSettings.model_validate({"url": "http://127.0.0.1:8080/", "auth": auth})
    assert settings.url == "http://127.0.0.1:8080"
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(("model", "given", "says"), BAD)
def test_bad_settings_are_refused_without_showing_secrets(
    model: type[BaseModel], given: dict[str, object], says: str
) -> None:
    """The message names the fault; neither text nor repr holds what was given."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    assert says in str(caught.value)
    assert SECRET not in f"{caught.value} {caught.value!r}"


def test_settings_cannot_be_changed() -> None:
    """Settings are frozen."""
    settings = HubSpotSettings.model_validate({"token": SECRET})
    with pytest.raises(ValidationError):
        settings.url = "https://elsewhere.example"
