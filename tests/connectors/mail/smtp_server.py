"""A mail server on this machine: STARTTLS with a certificate of its own, a login, and what came."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class PostOffice:
    """``starttls`` False offers no encryption; ``refuses`` answers with a code. ``heard`` unencrypted."""

    port: int = 0
    starttls: bool = True
    refuses: dict[str, int] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    came: list[str] = field(default_factory=list)


def certificate(folder: Path, host: str) -> Path:
    """Write a key and a certificate that signs itself for ``host``; return the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(secret)
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem"


@contextmanager
def post_office(folder: Path, host: str = "localhost") -> Iterator[PostOffice]:
    """Run a mail server for as long as the context lasts."""
    office = PostOffice()
    cert = certificate(folder, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, folder / "key.pem")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                _converse(office, self.request, context, secure=False)
            except (OSError, ssl.SSLError):
                return

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield office
        finally:
            server.shutdown()
            thread.join()


def _converse(office: PostOffice, connection: socket.socket, context: ssl.SSLContext, *, secure: bool) -> None:
    file = connection.makefile("rwb")

    def say(text: str) -> None:
        file.write(text.encode() + b"\r\n")
        file.flush()

    if not secure:
        say("220 here")
    while line := file.readline().decode().strip():
        word = line.split()[0].upper()
        if not secure:
            office.heard.append(word)
        if word in office.refuses:
            say(f"{office.refuses[word]} no: {line}")
        elif word == "EHLO":
            more = ["AUTH PLAIN"] if secure or not office.starttls else ["STARTTLS"]
            say("\r\n".join(["250-here", *(f"250 {item}" for item in more)]))
        elif word == "STARTTLS":
            say("220 go")
            file.close()
            with context.wrap_socket(connection, server_side=True) as private:
                _converse(office, private, context, secure=True)
            return
        elif word == "AUTH":
            office.logins.append(base64.b64decode(line.split()[2]))
            say("235 yes")
        elif word == "DATA":
            say("354 go on")
            lines = []
            while (part := file.readline().decode().rstrip("\r\n")) != ".":
                lines.append(part)
            office.came.append("\n".join(lines))
            say("250 kept")
        elif word == "QUIT":
            say("221 bye")
            return
        else:
            say("250 well")
