"""Signing in: the OAuth token endpoint."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import jwt

from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.salesforce.answers import Answer
from leadline.connectors.practice.salesforce.org import Org, Session

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LEEWAY: Final = 180  # seconds


class LoginError(Exception):
    """The token endpoint says no: OAuth's ``error`` and its description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def token(org: Org, base: str, form: Mapping[str, str], authorization: str = "") -> Answer:
    """Answer ``POST /services/oauth2/token`` for jwt-bearer, client_credentials, refresh_token and password."""
    try:
        session = _granted(org, base, form, authorization)
    except LoginError as error:
        return Answer(error.status, {"error": error.error, "error_description": error.description})
    issued = str(int(org.harness.clock.now().timestamp() * 1000))
    answer = {
        "access_token": session.token,
        "scope": "api refresh_token",
        "instance_url": base,
        "id": f"{base}/id/{org.id}/{session.user}",
        "token_type": "Bearer",
    }
    if form.get("grant_type") != JWT_BEARER:
        answer |= {"issued_at": issued, "signature": "cHJhY3RpY2U="}
    return Answer(body=answer)


def _granted(org: Org, base: str, form: Mapping[str, str], authorization: str) -> Session:
    grant = form.get("grant_type")
    if grant == JWT_BEARER:
        return org.open_session(_asserted(org, base, form.get("assertion", "")))
    if grant not in {"client_credentials", "refresh_token", "password"}:
        raise LoginError("unsupported_grant_type", "grant type not supported")
    _check_client(form, authorization)
    known = Credentials()
    if grant == "client_credentials":
        return org.open_session(org.integration_user)
    if grant == "refresh_token":
        if form.get("refresh_token") != known.salesforce_refresh_token:
            raise LoginError("invalid_grant", "expired access/refresh token")
        return org.open_session(org.integration_user)
    user = active_user(org, form.get("username", ""))
    passwords = {known.salesforce_password, known.salesforce_password + known.salesforce_security_token}
    if user is None or form.get("password") not in passwords:
        raise LoginError("invalid_grant", "authentication failure")
    return org.open_session(user)


def _check_client(form: Mapping[str, str], authorization: str) -> None:
    known = Credentials()
    given = (form.get("client_id"), form.get("client_secret"))
    if authorization.lower().startswith("basic "):
        try:
            name, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise LoginError("invalid_client", "invalid client credentials") from None
        given = (name, secret)
    if given[0] != known.salesforce_client_id:
        raise LoginError("invalid_client_id", "client identifier invalid")
    if given[1] != known.salesforce_client_secret:
        raise LoginError("invalid_client", "invalid client credentials")


def _asserted(org: Org, base: str, assertion: str) -> str:
    """Return the user an assertion is about: signed with the practice key, addressed to Salesforce, still young."""
    known = Credentials()
    try:
        claims = jwt.decode(
            assertion,
            known.public_key,
            algorithms=["RS256"],
            options={"require": ["exp", "iss", "sub", "aud"], "verify_aud": False, "verify_exp": False},
        )
    except jwt.InvalidSignatureError:
        raise LoginError("invalid_grant", "invalid assertion") from None
    except jwt.InvalidTokenError:
        raise LoginError("invalid_grant", "invalid assertion") from None
    # Against the practice clock: what a client reads in the Date header. Clients on a later clock of their own pass.
    try:
        expires = float(claims["exp"])  # simple-salesforce writes it as a text
    except (TypeError, ValueError):
        raise LoginError("invalid_grant", "invalid assertion") from None
    if expires + _LEEWAY < org.harness.clock.now().timestamp():
        raise LoginError("invalid_grant", "assertion is expired")
    if claims["iss"] != known.salesforce_client_id:
        raise LoginError("invalid_client_id", "client identifier invalid")
    audience = claims["aud"]
    host = urlsplit(audience).hostname if isinstance(audience, str) else None
    if audience != base and not re.fullmatch(r"(?:[\w-]+\.)*salesforce\.com", host or ""):
        raise LoginError("invalid_grant", "audience is invalid")
    user = active_user(org, claims["sub"])
    if user is None:
        raise LoginError("invalid_grant", "user hasn't approved this consumer")
    return user


def active_user(org: Org, username: str) -> str | None:
    """Return the id of the active user of that name, or None."""
    for row in org.store.rows("User"):
        if row["Username"].lower() == username.lower() and row.get("IsActive"):
            identifier: str = row["Id"]
            return identifier
    return None
