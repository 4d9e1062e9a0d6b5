"""A `leadline` that starts at once: one process imports everything, and forks for each command.

Each command is still a process of its own, with its own arguments, folder, environment, output and exit code; only
its imports, a second of work, are those of the parent. ``warm_leadline`` gives a folder for the front of the PATH.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import leadline

ROOT = Path(__file__).parents[2]
COMMAND = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as parent:
    parent.connect({address!r})
    socket.send_fds(parent, [b"-"], [0, 1, 2])
    parent.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
    parent.shutdown(socket.SHUT_WR)
    sys.exit(int(parent.makefile().read()))
"""
"""It hands its standard streams over, waits, and ends with the exit code that it is told."""


@contextmanager
def warm_leadline() -> Iterator[Path]:
    """Give a directory with the command `leadline`; it works until this ends."""
    with TemporaryDirectory() as made:  # its name is short enough for a socket
        folder, address = Path(made), f"{made}/.socket"
        (folder / "leadline").write_text(COMMAND.format(python=sys.executable, address=address), encoding="utf-8")
        (folder / "leadline").chmod(0o755)
        serving = [sys.executable, "-m", "tests.docs.warm", address]
        with subprocess.Popen(serving, cwd=ROOT, stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            try:
                assert parent.stdout.readline() == b"ready\n"
                yield folder
            finally:
                parent.kill()


def serve(address: str) -> None:
    """Fork for each command until this process is killed; returns in the processes that are to run one."""
    for module in pkgutil.walk_packages(leadline.__path__, "leadline."):
        if not module.name.startswith(("leadline.__main__", "leadline.sync.store.migrations.")):
            importlib.import_module(module.name)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            asking = listening.accept()[0]
            if os.fork() == 0:
                break
            asking.close()
            with suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
    _, streams, _, _ = socket.recv_fds(asking, 1, 3)
    given = json.load(asking.makefile())
    command = os.fork()
    if command:
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(command, 0)
        asking.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
        os._exit(0)
    asking.close()
    _become(given, streams)


def _become(given: list[Any], streams: list[int]) -> None:
    """Take a command's streams, arguments, folder and environment."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, closefd=False)
    arguments, folder, environment = given
    sys.argv = ["leadline", *arguments]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)


if __name__ == "__main__":
    serve(sys.argv[1])
    from leadline.cli import main

    main()
