"""The process that listens and works: a web server in the main thread, cycles in another."""

from __future__ import annotations

import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from leadline.common.errors import UsageError
from leadline.web.working import Worker


def serve(app: Starlette, worker: Worker, host: str, port: int, ready: Callable[[int], None]) -> int:
    """Listen and work until SIGINT or SIGTERM; return the exit code of the last cycle.

    ``ready`` is told the port once it listens (``port`` 0 takes a free one). A cycle at work is finished first.
    Raises UsageError where the port cannot be had, and what ended the worker.
    """
    ended: list[UsageError] = []
    server = uvicorn.Server(_config(app, host, port))

    def work() -> None:
        try:
            worker.run()
        except UsageError as error:
            ended.append(error)
            server.should_exit = True

    thread = threading.Thread(target=work, name="cycles")
    try:
        socket = server.config.bind_socket()
        socket.listen()  # who calls before the server runs is answered a moment later
    except (OSError, SystemExit):
        raise UsageError(f"{host}:{port} cannot be listened on; choose another --host or --port") from None
    ready(int(socket.getsockname()[1]))
    thread.start()
    try:
        server.run(sockets=[socket])
    finally:
        worker.stop()
        thread.join()
        socket.close()
    for error in ended:
        raise error
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
