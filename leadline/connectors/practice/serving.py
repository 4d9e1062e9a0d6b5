"""Serving the practice CRMs over real HTTP: in a thread for tests and the demo, or until a signal for admins."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from leadline.common.errors import UsageError
from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.doorway import DROP
from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.organisation import Organisation

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Practice:
    """Both practice CRMs while they run: where they are, how to sign in, what to look at and to disturb."""

    organisation: Organisation
    clock: PracticeClock
    salesforce: Harness
    hubspot: Harness
    salesforce_url: str
    hubspot_url: str
    credentials: Credentials

    def environment(self) -> dict[str, str]:
        """Return the environment variables that an example's ``leadline.yml`` reads."""
        return {
            "SALESFORCE_URL": self.salesforce_url,
            "SALESFORCE_CLIENT_ID": self.credentials.salesforce_client_id,
            "SALESFORCE_CLIENT_SECRET": self.credentials.salesforce_client_secret,
            "HUBSPOT_URL": self.hubspot_url,
            "HUBSPOT_TOKEN": self.credentials.hubspot_token,
        }


class PracticeServer:
    """One ASGI application on ``host``:``port`` (0: any free one) in a daemon thread, as a context manager.

    Raises UsageError when the port cannot be had.
    """

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = _listen(host, port)
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name=f"practice {self.url}", daemon=True)

    def __enter__(self) -> PracticeServer:
        self._thread.start()
        if not self._server.ready.wait(_PATIENCE):
            raise UsageError(f"the practice server at {self.url} did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join(_PATIENCE)

    def stop(self) -> None:
        """Ask the server to end; leaving the context waits for it."""
        self._server.stop()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


@contextmanager
def start_practice(  # noqa: PLR0913 - one keyword for each thing a rehearsal chooses
    people: int = 2000,
    seed: int = 7,
    faults: Sequence[Mapping[str, Any]] | None = None,
    frozen: bool = False,
    *,
    organisation: Organisation | None = None,
    options: PracticeOptions | None = None,
    host: str = "127.0.0.1",
    salesforce_port: int = 0,
    hubspot_port: int = 0,
) -> Iterator[Practice]:
    """Run both practice CRMs over one organisation and one clock for as long as the context lasts.

    Without ``organisation`` one of ``people`` is generated from ``seed``. ``faults`` are specs as ``load_faults``
    gives them. Raises UsageError for a bad fault or a port in use.
    """
    from leadline.connectors.practice.hubspot import hubspot_app
    from leadline.connectors.practice.salesforce import salesforce_app

    if organisation is None:
        from leadline.connectors.practice.generate import generate

        organisation = generate(seed=seed, people=people)
    chosen = options or PracticeOptions()
    clock = PracticeClock(organisation.end, frozen=frozen)
    salesforce, hubspot = Harness("salesforce", clock, seed), Harness("hubspot", clock, seed)
    for harness in (salesforce, hubspot):
        harness.faults.add(faults or ())
    with ExitStack() as running:
        one = running.enter_context(
            PracticeServer(salesforce_app(organisation, salesforce, chosen), host, salesforce_port)
        )
        two = running.enter_context(PracticeServer(hubspot_app(organisation, hubspot, chosen), host, hubspot_port))
        running.callback(one.stop)
        yield Practice(organisation, clock, salesforce, hubspot, one.url, two.url, Credentials())


def serve_forever(ready: Callable[[Practice], None], **chosen: Any) -> None:
    """Run both practice CRMs until SIGINT or SIGTERM, then end cleanly; prints nothing itself.

    ``ready`` is called once both answer. The other arguments are those of ``start_practice``. Call it in the main
    thread: only that one hears signals.
    """
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with start_practice(**chosen) as practice:
            ready(practice)
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    """Bind now, so that the URL is known before the thread runs and a used port is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, because asyncio sets TCP_NODELAY only then; without it every answer waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(f"cannot listen on {host}:{port} ({error}); choose another port") from error
    return listening


class _Server(uvicorn.Server):
    """uvicorn without its ten wake-ups a second: it starts and ends on events."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def stop(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        await self._ended.wait()


class _Protocol(H11Protocol):
    """HTTP/1.1 that lets the doorway close the connection under a request, which ASGI itself cannot."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.app_state = {**self.app_state, DROP: cast(asyncio.Transport, transport).close}
        super().connection_made(cast(asyncio.Transport, transport))
