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
from pathlib import Path


def find_binaries() -> Path | None:
    """Return the directory with initdb and pg_ctl: on the PATH, or the newest that Debian installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return installed[-1].parent if installed else None


@contextmanager
def postgres(binaries: Path) -> Iterator[str]:
    """Run a server on a free port and give its URL. It refuses to run as root, so root lends it another user."""
    user = _user()
    directory = Path(tempfile.mkdtemp(prefix="leadline-pg-"))
    try:
        if user is not None:
            os.chown(directory, pwd.getpwnam(user).pw_uid, -1)
        port = _free_port()
        data = directory / "data"
        _run([binaries / "initdb", "-D", data, "-U", "leadline", "-A", "trust", "-E", "UTF8", "-N"], user, directory)
        options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [binaries / "pg_ctl", "-D", data, "-w"]
        _run([*control, "-l", directory / "log", "-o", options, "start"], user, directory)
        try:
            yield f"postgresql://leadline@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], user, directory)
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
