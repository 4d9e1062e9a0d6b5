"""Whom TLS connections trust: the usual authorities, or those of one file that the environment names."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Final, Literal

from leadline.common.errors import CredentialsError, UsageError

VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""requests reads the first two, OpenSSL the last; here each of them counts for every connection, in this order."""


def verification() -> str | Literal[True]:
    """Return the file of authorities (PEM) that every connection trusts, or True for the usual ones; never False.

    Raises UsageError when a variable names what is no file.
    """
    for name in VARIABLES:
        path = os.environ.get(name)
        if path:
            if not Path(path).is_file():
                raise UsageError(f"{name} names no file of certificates: {path}")
            return path
    return True


def untrusted(who: str, error: BaseException) -> CredentialsError:
    """Return what a failed handshake with ``who`` means: OpenSSL's reason and the way out, in one sentence."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, ssl.SSLError):
        within = [one for one in (*seen.args, getattr(seen, "reason", None)) if isinstance(one, BaseException)]
        seen = within[0] if within else seen.__cause__ or seen.__context__
    if isinstance(seen, ssl.SSLCertVerificationError):
        return CredentialsError(
            f"{who}'s TLS certificate is not trusted ({seen.verify_message.rstrip('.')}): check the address, or name "
            f"your own authority's file in {VARIABLES[0]}"
        )
    return CredentialsError(f"{who} cannot be spoken to over TLS: check the address and {VARIABLES[0]}")
