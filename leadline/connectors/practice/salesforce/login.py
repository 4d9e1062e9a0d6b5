"""Signing in: the OAuth token endpoint and the SOAP login that older clients use."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import jwt

from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.salesforce.answers import Answer
from leadline.connectors.practice.salesforce.org import Org, Session

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LEEWAY: Final = 180  # seconds
SOAP_ENDS: Final = 65.0  # from this API version on there is no SOAP login
_LONGEST_SOAP: Final = 20_000  # characters; a login envelope is far shorter


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


def soap(org: Org, base: str, version: str, body: bytes) -> Answer:
    """Answer ``POST /services/Soap/u/{version}``: login, logout and getUserInfo are all that is spoken."""
    text = body.decode("utf-8", "replace")
    if len(text) > _LONGEST_SOAP or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return _fault("sf:INVALID_LOGIN", "INVALID_LOGIN", "the envelope cannot be read")
    try:
        found = {_local(item.tag): item.text or "" for item in ElementTree.fromstring(text).iter()}  # noqa: S314
    except ElementTree.ParseError:
        return _fault("soapenv:Client", "UNKNOWN_EXCEPTION", "the envelope cannot be read")
    if "logout" in found:
        org.end_session(found.get("sessionId", ""))
        return _envelope("<logoutResponse/>")
    if "login" not in found:
        return _fault("soapenv:Client", "UNKNOWN_EXCEPTION", "the practice organisation only speaks SOAP to sign in")
    if float(version) >= SOAP_ENDS:
        message = f"SOAP login() is not available in API version {version}"
        return _fault("sf:UNSUPPORTED_API_VERSION", "UNSUPPORTED_API_VERSION", message)
    known = Credentials()
    given = found.get("password", "")
    user = _user(org, found.get("username", ""))
    if user is None or given != known.salesforce_password + known.salesforce_security_token:
        message = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        return _fault("INVALID_LOGIN", "INVALID_LOGIN", message)
    session = org.open_session(user)
    return _envelope(_login_result(org, base, version, session))


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
    user = _user(org, form.get("username", ""))
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
    user = _user(org, claims["sub"])
    if user is None:
        raise LoginError("invalid_grant", "user hasn't approved this consumer")
    return user


def _user(org: Org, username: str) -> str | None:
    """Return the id of the active user of that name, or None."""
    for row in org.store.rows("User"):
        if row["Username"].lower() == username.lower() and row.get("IsActive"):
            identifier: str = row["Id"]
            return identifier
    return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _login_result(org: Org, base: str, version: str, session: Session) -> str:
    row = org.store.get("User", session.user) or {}
    server = f"{base}/services/Soap/u/{version}/{org.id[:15]}"
    about = {
        "currencySymbol": "\N{EURO SIGN}",
        "organizationId": org.id,
        "organizationMultiCurrency": "false",
        "organizationName": org.name,
        "profileId": "00eHs0000000001AAA",
        "sessionSecondsValid": str(org.options.session_minutes * 60),
        "userEmail": row.get("Email", ""),
        "userFullName": row.get("Name", ""),
        "userId": session.user,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": row.get("Username", ""),
        "userTimeZone": row.get("TimeZoneSidKey", "GMT"),
        "userType": "Standard",
    }
    info = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in about.items())
    return (
        f"<loginResponse><result><metadataServerUrl>{escape(server.replace('/u/', '/m/'))}</metadataServerUrl>"
        f"<passwordExpired>false</passwordExpired><sandbox>true</sandbox><serverUrl>{escape(server)}</serverUrl>"
        f"<sessionId>{escape(session.token)}</sessionId><userId>{session.user}</userId>"
        f"<userInfo>{info}</userInfo></result></loginResponse>"
    )


def _envelope(body: str, status: int = 200) -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    return Answer(status, text.encode(), media="text/xml;charset=UTF-8")


def _fault(code: str, exception: str, message: str) -> Answer:
    return _envelope(
        f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{escape(message)}</faultstring><detail>"
        f'<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{exception}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>",
        500,
    )
