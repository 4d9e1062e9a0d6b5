"""Alerts by e-mail: SMTP, encrypted before anything is said, the server's certificate verified."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from leadline.common.errors import CredentialsError, OutsideError, UnavailableError
from leadline.connectors.settings import Secret, Settings, Text
from leadline.connectors.trust import untrusted, verification


def _address(text: str) -> str:
    name, _, domain = text.partition("@")
    if not name or "." not in domain or any(letter.isspace() or letter in "<>,;\"'" for letter in text):
        raise ValueError("must be a bare address such as ops@acme.example")
    return text


Address = Annotated[str, AfterValidator(_address)]


class Mailbox(Settings):
    """An SMTP server and who writes to whom. STARTTLS on any port but 465, which is encrypted from the start."""

    host: Text
    port: int = Field(default=587, ge=1, le=65535)
    username: Text | None = None
    password: Secret | None = None
    sender: Address
    to: tuple[Address, ...] = Field(min_length=1)
    timeout: float = Field(default=20.0, gt=0, le=120)

    @model_validator(mode="after")
    def _whole_login(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("give username and password together, or neither")
        return self


def send(box: Mailbox, key: str, subject: str, text: str) -> None:
    """Send one message; the same ``key`` gives the same Message-ID, by which a repetition is known.

    Raises CredentialsError where the server's certificate or our login is not accepted, UnavailableError when it
    cannot be reached, OutsideError when it refuses the message. Nothing is sent unencrypted.
    """
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, box.sender, ", ".join(box.to)
    message["Message-ID"] = f"<{key}@{box.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    authorities = verification()
    trusted = ssl.create_default_context(cafile=None if authorities is True else authorities)
    try:
        with _connected(box, trusted) as server:
            if box.username is not None and box.password is not None:
                server.login(box.username, box.password.get_secret_value())
            server.send_message(message)
    except ssl.SSLError as error:
        raise untrusted(box.host, error) from None
    except smtplib.SMTPAuthenticationError as error:
        raise CredentialsError(f"{box.host} refuses to sign in (SMTP {error.smtp_code})") from None
    except smtplib.SMTPNotSupportedError:
        raise CredentialsError(f"{box.host} offers no STARTTLS or no login; no mail was sent") from None
    except smtplib.SMTPResponseException as error:
        raise OutsideError(f"{box.host} refused the mail (SMTP {error.smtp_code})") from None
    except (smtplib.SMTPException, OSError):
        raise UnavailableError(f"{box.host} cannot be reached, or broke off; try again later") from None


def _connected(box: Mailbox, trusted: ssl.SSLContext) -> smtplib.SMTP:
    if box.port == 465:
        return smtplib.SMTP_SSL(box.host, box.port, timeout=box.timeout, context=trusted)
    server = smtplib.SMTP(box.host, box.port, timeout=box.timeout)
    try:
        server.starttls(context=trusted)
    except (smtplib.SMTPException, OSError):
        server.close()
        raise
    return server
