"""How to reach each CRM: the ``salesforce`` and ``hubspot`` blocks of ``leadline.yml``, secrets already expanded.

Secrets are ``SecretStr``: neither ``repr`` nor a validation error shows them (``hide_input_in_errors``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address, such as https://acme.my.salesforce.com")
    if parts.username or parts.password:
        raise ValueError("must not carry a user name or a password")
    if parts.query or parts.fragment:
        raise ValueError("must not carry a query or a fragment")
    return text.rstrip("/")


def _filled(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("is empty: is the environment variable set?")
    return secret


BaseUrl = Annotated[str, AfterValidator(_base_url)]
Secret = Annotated[SecretStr, AfterValidator(_filled)]
Text = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """Frozen, no unknown keys, and no input (it may be a secret) in error messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ClientCredentials(Settings):
    """A connected app that signs in as its own run-as user."""

    flow: Literal["client_credentials"]
    client_id: Text
    client_secret: Secret


class JwtBearer(Settings):
    """A connected app with a certificate: ``key_file`` or ``key`` is the private key (PEM, RS256).

    ``audience`` is what the assertion is addressed to; https://test.salesforce.com for a sandbox.
    """

    flow: Literal["jwt"]
    client_id: Text
    username: Text
    key_file: Path | None = None
    key: Secret | None = None
    audience: Text = "https://login.salesforce.com"

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.key_file is None) == (self.key is None):
            raise ValueError("give one of key_file and key")
        return self


class Password(Settings):
    """User name, password and security token: for sandboxes and rehearsal.

    With a connected app's id and secret by OAuth's password grant, without them by SOAP login.
    """

    flow: Literal["password"]
    username: Text
    password: Secret
    security_token: SecretStr = SecretStr("")
    client_id: Text | None = None
    client_secret: Secret | None = None

    @model_validator(mode="after")
    def _whole_app(self) -> Self:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("give client_id and client_secret together, or neither")
        return self


class RefreshToken(Settings):
    """An OAuth refresh token of a connected app. ``token_file`` keeps the tokens that come instead of it."""

    flow: Literal["refresh"]
    client_id: Text
    client_secret: Secret
    refresh_token: Secret
    token_file: Path | None = None


SalesforceAuth = Annotated[ClientCredentials | JwtBearer | Password | RefreshToken, Field(discriminator="flow")]


def share(text: object) -> object:
    """Read ``30%`` as 0.3; anything else stays as it is."""
    return float(text[:-1]) / 100 if isinstance(text, str) and re.fullmatch(r"\d{1,3}(\.\d+)?%", text) else text


class CallShare(Settings):
    """How many of the CRM's calls Leadline itself may make.

    ``per_day``: a share of the day's calls, until midnight in the account's time zone; ``per_cycle``: a number for
    one run. Behind either, reads and writes stop and the next run goes on.
    """

    per_day: Annotated[float, BeforeValidator(share), Field(gt=0, le=1)] | None = None
    per_cycle: Annotated[int, Field(ge=1)] | None = None

    def __str__(self) -> str:
        """Return what it bounds, in words."""
        told = [f"{self.per_day:.0%} of a day"] if self.per_day is not None else []
        told += [f"{self.per_cycle:,} a run"] if self.per_cycle is not None else []
        return " and ".join(told) or "no limit"


class _Patience(Settings):
    """Waiting. ``timeout``: seconds for one call. ``patience``: seconds that one call may be tried again in all.

    ``quota_share``: reads and writes stop with QuotaError once the CRM says that this share of the day's calls
    is used (by anybody), so that other integrations keep the rest. ``quota``: what Leadline itself may use.
    """

    timeout: float = Field(default=30.0, gt=0, le=600)
    patience: float = Field(default=120.0, ge=0, le=3600)
    quota_share: float = Field(default=0.9, gt=0, le=1)
    quota: CallShare = CallShare()


class SalesforceSettings(_Patience):
    """One Salesforce organisation. ``url`` is its My Domain (or a proxy or a practice server before it).

    ``task_key`` is the external id field (text, unique) on Task that makes creating tasks and notes repeatable.
    ``duplicates``: what a duplicate rule that may be overridden does to our writes: the record is parked, or saved.
    """

    url: BaseUrl
    version: str = Field(default="62.0", pattern=r"^\d{2}\.0$")
    task_key: str = Field(default="Leadline_Key__c", pattern=r"^[A-Za-z]\w*__c$")
    duplicates: Literal["park", "allow"] = "park"
    auth: SalesforceAuth


class OAuthApp(Settings):
    """A HubSpot public app's refresh token. ``token_file`` keeps the tokens that come instead of it."""

    client_id: Text
    client_secret: Secret
    refresh_token: Secret
    token_file: Path | None = None


class HubSpotSettings(_Patience):
    """One HubSpot portal: a private app's ``token``, or an ``oauth`` app.

    ``searches_a_second`` keeps below HubSpot's limit for search (5), which is so low that meeting it costs calls;
    other integrations of the account share it. ``task_key`` is the property of tasks and notes that holds our key;
    where it takes unique values only, creating is repeatable, else what was made is looked up.
    """

    url: BaseUrl = "https://api.hubapi.com"
    searches_a_second: int = Field(default=5, ge=1, le=1000)
    task_key: str = Field(default="leadline_key", pattern=r"^[a-z]\w*$")
    token: Secret | None = None
    oauth: OAuthApp | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.token is None) == (self.oauth is None):
            raise ValueError("give one of token and oauth")
        return self
