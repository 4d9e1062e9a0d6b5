"""HTTPS before a practice server: a real handshake with a certificate of one's choice, then the same bytes."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import trustme


@contextmanager
def https(url: str, authority: trustme.CA, host: str = "127.0.0.1") -> Iterator[str]:
    """Stand before the server at ``url``, with a certificate for ``host`` of this authority; give the new address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    behind = ("127.0.0.1", int(urlsplit(url).port or 0))

    class Door(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                with (
                    context.wrap_socket(self.request, server_side=True) as outside,
                    socket.create_connection(behind) as inside,
                ):
                    back = threading.Thread(target=_pass_on, args=(inside, outside), daemon=True)
                    back.start()
                    _pass_on(outside, inside)
                    back.join()
            except OSError:  # refused at the handshake, or hung up
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        serving.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        return
