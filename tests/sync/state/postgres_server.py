"""A real PostgreSQL server for the length of a test run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def find_binaries() -> Path | None:
    """Return the directory with initdb and pg_ctl: on the PATH, or the newest that Debian installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return installed[-1].parent if installed else None


@dataclass(frozen=True)
class Server:
    """A running server: its URL, and how it dies and comes back."""

    url: str
    binaries: Path
    directory: Path
    user: str | None
    options: str

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._control("-l", str(self.directory / "log"), "-o", self.options, "start")

    def crash(self) -> None:
        """End every process of it at once, in the middle of whatever they do."""
        self._control("-m", "immediate", "stop")

    def _control(self, *more: str) -> None:
        control = [self.binaries / "pg_ctl", "-D", self.directory / "data", "-w", *more]
        _run(control, self.user, self.directory)


@contextmanager
def postgres(binaries: Path) -> Iterator[str]:
    """Run a server on a free port and give its URL."""
    with postgres_server(binaries) as server:
        yield server.url


@contextmanager
def postgres_server(binaries: Path) -> Iterator[Server]:
    """Run a server on a free port. It refuses to run as root, so root lends it another user."""
    user = _user()
    directory = Path(tempfile.mkdtemp(prefix="leadline-pg-"))
    try:
        if user is not None:
            os.chown(directory, pwd.getpwnam(user).pw_uid, -1)
        port = _free_port()
        data = directory / "data"
        _run([binaries / "initdb", "-D", data, "-U", "leadline", "-A", "trust", "-E", "UTF8", "-N"], user, directory)
        options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        server = Server(f"postgresql://leadline@127.0.0.1:{port}/postgres", binaries, directory, user, options)
        server.start()
        try:
            yield server
        finally:
            server.crash()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(command: list[str | Path], user: str | None, directory: Path) -> None:
    environ = {**os.environ, "LC_ALL": "C", "HOME": str(directory)}
    subprocess.run(
        [str(part) for part in command],
        check=True,
        user=user,
        cwd=directory,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        timeout=60,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
