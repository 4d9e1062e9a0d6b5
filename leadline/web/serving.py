"""The process that listens and works: a web server in the main thread, cycles in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Protocol

import uvicorn
from starlette.applications import Starlette

from leadline.common.errors import UsageError
from leadline.web.working import Worker


class Job(Protocol):
    """What runs in a thread of its own until it is stopped."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


def serve(
    app: Starlette, worker: Worker, host: str, port: int, ready: Callable[[int], None], beside: Sequence[Job] = ()
) -> int:
    """Listen and work until SIGINT or SIGTERM; return the exit code of the last cycle.

    ``ready`` is told the port once it listens (``port`` 0 takes a free one); ``beside`` runs as long as the worker.
    A cycle at work is finished first. Raises UsageError where the port cannot be had, and what ended a job.
    """
    server = uvicorn.Server(_config(app, host, port))
    jobs: tuple[Job, ...] = (worker, *beside)

    def end(_: object) -> None:
        server.should_exit = True

    try:
        socket = server.config.bind_socket()
        socket.listen()  # who calls before the server runs is answered a moment later
    except (OSError, SystemExit):
        raise UsageError(f"{host}:{port} cannot be listened on; choose another --host or --port") from None
    ready(int(socket.getsockname()[1]))
    with closing(socket), ThreadPoolExecutor(len(jobs), "job") as pool:
        working = [pool.submit(job.run) for job in jobs]
        try:
            for one in working:
                one.add_done_callback(end)  # whatever ended it: hints would be taken that nobody looks at
            server.run(sockets=[socket])
        finally:
            for job in jobs:
                job.stop()
    for one in working:
        one.result()
    return worker.code


def _config(app: Starlette, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        limit_concurrency=200,
        h11_max_incomplete_event_size=64_000,
    )
