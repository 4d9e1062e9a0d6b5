"""Signing in by every grant, and being signed out."""

from __future__ import annotations

import base64
import time
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from leadline.connectors.practice.credentials import Credentials
from tests.connectors.practice.salesforce.site import END, Site

KNOWN = Credentials()
CLIENT = {"client_id": KNOWN.salesforce_client_id, "client_secret": KNOWN.salesforce_client_secret}
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(key: str = "", **changed: object) -> str:
    """Return a signed assertion."""
    claims: dict[str, object] = {
        "iss": KNOWN.salesforce_client_id,
        "sub": KNOWN.salesforce_username,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    }
    return jwt.encode(claims | changed, key or KNOWN.private_key, algorithm="RS256")


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "client_credentials", **CLIENT},
        {"grant_type": "refresh_token", "refresh_token": KNOWN.salesforce_refresh_token, **CLIENT},
        {
            "grant_type": "password",
            "username": KNOWN.salesforce_username,
            "password": KNOWN.salesforce_password + KNOWN.salesforce_security_token,
            **CLIENT,
        },
        {"grant_type": JWT_GRANT, "assertion": assertion()},
        {
            "grant_type": JWT_GRANT,
            "assertion": assertion(aud="https://test.salesforce.com", exp=f"{time.time():.0f}"),
        },
    ],
    ids=["client", "refresh", "password", "jwt", "jwt-sandbox"],
)
def test_every_grant_opens_a_session(site: Site, form: dict[str, str]) -> None:
    """Each grant gives a token for this very host that a query accepts."""
    answer = site.sign_in(**form)
    assert answer.status_code == 200, answer.text
    assert answer.json()["instance_url"] == site.url
    assert site.call("GET", "/query", params={"q": "SELECT COUNT() FROM Lead"}).status_code == 200


def other_key() -> str:
    """Return a key that the organisation does not know."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", **CLIENT, "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "wrong"}, "invalid_client_id"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong", **CLIENT}, "invalid_grant"),
        ({"grant_type": "password", "username": "x", "password": "y", **CLIENT}, "invalid_grant"),
        ({"grant_type": "device"}, "unsupported_grant_type"),
        ({"grant_type": JWT_GRANT, "assertion": "no.jwt.atall"}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": assertion(key=other_key())}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": assertion(exp=int(END.timestamp()) - 3600)}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": assertion(aud="https://evil.example")}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": assertion(sub="nobody@acme.example")}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": assertion(sub="bob@acme.example")}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": assertion(iss="other-app")}, "invalid_client_id"),
    ],
)
def test_wrong_credentials_are_refused(library: Site, form: dict[str, str], error: str) -> None:
    """What is wrong, unknown, inactive or out of date gets OAuth's error and no token."""
    answer = library.session.post(f"{library.url}/services/oauth2/token", data=form, timeout=10)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == error


def test_the_client_may_sign_in_by_header(site: Site) -> None:
    """Client credentials also come as HTTP basic authentication, as simple-salesforce sends them."""
    pair = f"{KNOWN.salesforce_client_id}:{KNOWN.salesforce_client_secret}"
    headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    url = f"{site.url}/services/oauth2/token"
    answer = site.session.post(url, data={"grant_type": "client_credentials"}, headers=headers, timeout=10)
    assert answer.status_code == 200
    broken = site.session.post(url, data={"grant_type": "client_credentials"}, headers={"Authorization": "Basic ?"})
    assert broken.json()["error"] == "invalid_client"


def test_the_instance_is_the_host_that_was_asked(site: Site) -> None:
    """A proxy's host name comes back in instance_url, so that a client stays with the proxy."""
    answer = site.session.post(
        f"{site.url}/services/oauth2/token",
        data={"grant_type": "client_credentials", **CLIENT},
        headers={"Host": "proxy.example:8443"},
        timeout=10,
    )
    assert answer.json()["instance_url"] == "http://proxy.example:8443"


def soap(site: Site, username: str, password: str, version: str = "62.0") -> tuple[int, str]:
    """Sign in by SOAP."""
    body = (
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
        f'<n1:login xmlns:n1="urn:partner.soap.sforce.com"><n1:username>{username}</n1:username>'
        f"<n1:password>{password}</n1:password></n1:login></env:Body></env:Envelope>"
    )
    answer = site.session.post(f"{site.url}/services/Soap/u/{version}", data=body, timeout=10)
    return answer.status_code, answer.text


def test_soap_signs_in(site: Site) -> None:
    """The SOAP login gives a session that REST accepts."""
    status, text = soap(site, KNOWN.salesforce_username, KNOWN.salesforce_password + KNOWN.salesforce_security_token)
    assert status == 200
    assert f"<serverUrl>{site.url}/services/Soap/u/62.0/" in text
    site.token = text.partition("<sessionId>")[2].partition("</sessionId>")[0]
    assert site.call("GET", "/limits").status_code == 200


def test_soap_refuses(library: Site) -> None:
    """A wrong password, an unreadable envelope and a version that has no login are SOAP faults."""
    status, text = soap(library, KNOWN.salesforce_username, KNOWN.salesforce_password)
    assert status == 500
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in text
    right = KNOWN.salesforce_password + KNOWN.salesforce_security_token
    status, text = soap(library, KNOWN.salesforce_username, right, "66.0")
    assert status == 500
    assert "UNSUPPORTED_API_VERSION" in text
    for body in ("<unclosed", "<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>"):
        answer = library.session.post(f"{library.url}/services/Soap/u/62.0", data=body, timeout=10)
        assert answer.status_code == 500
        assert "soapenv:Fault" in answer.text


def test_sessions_end(site: Site) -> None:
    """No token, a wrong one, one that is too old and one that was revoked are 401 INVALID_SESSION_ID."""

    def refused() -> bool:
        answer = site.call("GET", "/limits")
        return (answer.status_code, answer.text) == (
            401,
            '[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]',
        )

    assert not refused()
    site.harness.clock.advance(timedelta(minutes=121))
    assert refused()
    site.sign_in()
    assert not refused()
    site.session.post(f"{site.url}/services/oauth2/revoke", data={"token": site.token}, timeout=10)
    assert refused()
    site.token = ""
    assert refused()


def test_userinfo_names_the_organisation(site: Site) -> None:
    """The userinfo endpoint tells organisation and user."""
    answer = site.call("GET", f"{site.url}/services/oauth2/userinfo")
    assert answer.json()["organization_id"] == site.values("SELECT Id FROM Organization")[0]
    assert answer.json()["username"] == KNOWN.salesforce_username
