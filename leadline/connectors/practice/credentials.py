"""What a client signs in with at the practice CRMs. All of it is invented, public and only good on loopback."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

SALESFORCE_CLIENT_ID: Final = "practice-connected-app"
SALESFORCE_CLIENT_SECRET: Final = "practice-client-secret"  # noqa: S105 - invented, only good on loopback
SALESFORCE_USERNAME: Final = "leadline@practice.example"
SALESFORCE_PASSWORD: Final = "practice-password"  # noqa: S105
SALESFORCE_SECURITY_TOKEN: Final = "practice-security-token"  # noqa: S105
SALESFORCE_REFRESH_TOKEN: Final = "practice-refresh-token"  # noqa: S105
HUBSPOT_TOKEN: Final = "pat-na1-practice-0000-0000-0000-000000000000"  # noqa: S105
HUBSPOT_CLIENT_ID: Final = "practice-app"
HUBSPOT_CLIENT_SECRET: Final = "practice-app-secret"  # noqa: S105
HUBSPOT_REFRESH_TOKEN: Final = "practice-hubspot-refresh-token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything that signs a client in to both practice CRMs. ``private_key`` is PEM text for the JWT grant."""

    salesforce_client_id: str = SALESFORCE_CLIENT_ID
    salesforce_client_secret: str = SALESFORCE_CLIENT_SECRET
    salesforce_username: str = SALESFORCE_USERNAME
    salesforce_password: str = SALESFORCE_PASSWORD
    salesforce_security_token: str = SALESFORCE_SECURITY_TOKEN
    salesforce_refresh_token: str = SALESFORCE_REFRESH_TOKEN
    hubspot_token: str = HUBSPOT_TOKEN
    hubspot_client_id: str = HUBSPOT_CLIENT_ID
    hubspot_client_secret: str = HUBSPOT_CLIENT_SECRET
    hubspot_refresh_token: str = HUBSPOT_REFRESH_TOKEN

    @property
    def private_key(self) -> str:
        """The RSA key of the JWT bearer grant, as PEM: made once per process, never stored."""
        return _key_pair()[0]

    @property
    def public_key(self) -> str:
        """The public half, as PEM: what the practice Salesforce checks assertions with."""
        return _key_pair()[1]


@cache
def _key_pair() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
