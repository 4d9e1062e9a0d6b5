"""Signing in to Salesforce: each OAuth flow by one token call; user name and password by the client's SOAP login.

simple-salesforce builds token addresses below ``salesforce.com``, knows no refresh grant, and writes error
descriptions into its messages; so the OAuth calls are made here. The token address is always below ``url``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, cast

import jwt
import requests
from pydantic import SecretStr
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from leadline.common.errors import ContractError, CredentialsError, UsageError
from leadline.connectors.grants import Grant, Tokens, require_private
from leadline.connectors.http_meter import Meter
from leadline.connectors.retrying import TransientError
from leadline.connectors.salesforce.answers import sign_in_fault
from leadline.connectors.salesforce.session import SalesforceSession, answer_of
from leadline.connectors.settings import ClientCredentials, JwtBearer, Password, RefreshToken, SalesforceSettings

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_LIFE: Final = timedelta(minutes=3)
"""Salesforce accepts assertions of at most three minutes."""


def grant_of(settings: SalesforceSettings) -> Grant | None:
    """Return what remembers the refresh token, None for flows without one."""
    auth = settings.auth
    return Grant(_text(auth.refresh_token), auth.token_file) if isinstance(auth, RefreshToken) else None


def sign_in(
    settings: SalesforceSettings, session: SalesforceSession, meter: Meter, grant: Grant | None, stale: str
) -> str:
    """Return a session token other than ``stale``; makes no call, one or two.

    Raises CredentialsError, TransientError or ContractError.
    """
    auth = settings.auth
    with meter.purpose("login"):
        if isinstance(auth, Password) and auth.client_secret is None:
            return _soap(settings, auth, session)
        if grant is not None:
            form = _form(settings, session, meter)
            return grant.access(stale, lambda refresh: _tokens(form | {"refresh_token": refresh}, session))
        return _tokens(_form(settings, session, meter), session).access


def _form(settings: SalesforceSettings, session: SalesforceSession, meter: Meter) -> dict[str, str]:
    auth = settings.auth
    if isinstance(auth, JwtBearer):
        return {"grant_type": _GRANT, "assertion": _assertion(auth, session, meter)}
    form = {"client_id": auth.client_id or "", "client_secret": _text(auth.client_secret)}
    if isinstance(auth, ClientCredentials):
        return {"grant_type": "client_credentials", **form}
    if isinstance(auth, RefreshToken):
        return {"grant_type": "refresh_token", **form}
    password = _text(auth.password) + _text(auth.security_token)
    return {"grant_type": "password", "username": auth.username, "password": password, **form}


def _tokens(form: dict[str, str], session: SalesforceSession) -> Tokens:
    response = session.request("POST", f"{session.host_url}/services/oauth2/token", data=form, judge=False)
    answer = answer_of(response)
    if not answer.ok:
        raise sign_in_fault(answer)
    body = answer.json_or_none()
    if not isinstance(body, dict):
        raise TransientError("Salesforce's sign-in page answered something that is not JSON: is `url` right?")
    token = body.get("access_token")
    if not isinstance(token, str) or not token:
        raise ContractError("Salesforce signed in without giving an access token")
    return Tokens(token, str(body.get("refresh_token") or ""))


def _assertion(auth: JwtBearer, session: SalesforceSession, meter: Meter) -> str:
    # Dated by the server's clock, from an unauthenticated call: a skewed local clock cannot lock anybody out.
    session.request("GET", f"{session.host_url}/services/data/", judge=False)
    if meter.date is None:
        raise ContractError("Salesforce sent no Date header to date the sign-in by")
    claims = {
        "iss": auth.client_id,
        "sub": auth.username,
        "aud": auth.audience,
        "exp": int((meter.date + _ASSERTION_LIFE).timestamp()),
    }
    try:
        return jwt.encode(claims, _key(auth), algorithm="RS256")
    except (ValueError, TypeError, jwt.exceptions.PyJWTError) as error:
        raise CredentialsError(
            "the private key of the Salesforce connected app is not an RSA key in PEM form"
        ) from error


def _key(auth: JwtBearer) -> str:
    if auth.key is not None:
        return auth.key.get_secret_value()
    if auth.key_file is None:
        raise UsageError("the jwt flow needs key_file or key")
    try:
        require_private(auth.key_file)
        return auth.key_file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the private key file {auth.key_file.name} cannot be read") from error


def _soap(settings: SalesforceSettings, auth: Password, session: SalesforceSession) -> str:
    try:
        token, _ = SalesforceLogin(
            username=auth.username,
            password=auth.password.get_secret_value(),
            security_token=auth.security_token.get_secret_value(),
            sf_version=settings.version,
            session=cast(requests.Session, _SoapPost(session)),
            scratch_url=session.host_url,
        )
    except SalesforceAuthenticationFailed as error:
        code = str(error.code)
        name = code if code.replace("_", "").isalnum() and len(code) <= 60 else "refused"
        raise CredentialsError(
            f"Salesforce refuses to sign in ({name}): check user name, password and security token"
        ) from error
    return str(token)


class _SoapPost:
    """What SalesforceLogin posts through: it reads SOAP faults (HTTP 500 with XML) itself, but nothing else."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    def post(self, url: str, data: str, *, headers: dict[str, str], proxies: object = None) -> requests.Response:
        del proxies
        response = self._session.request("POST", url, data=data.encode(), headers=headers, judge=False)
        answer = answer_of(response)
        if not answer.ok and "xml" not in answer.headers.get("content-type", ""):
            raise sign_in_fault(answer)
        return response


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
