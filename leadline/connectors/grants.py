"""Refresh tokens that the vendor exchanges at each use: kept in one file, refreshed by one worker at a time.

Whoever finds that its access token is over takes the file's lock, looks whether another worker was faster, and only
then asks for new ones. Without a file a new refresh token is remembered for as long as the process lives.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leadline.common.errors import OutsideError, UsageError

_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one exchange gave; ``refresh`` "" where the old refresh token stays good."""

    access: str
    refresh: str = ""


def require_private(path: Path) -> None:
    """Raise UsageError when others than the owner may look into a file with a secret. Not on Windows."""
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        raise UsageError(f"others may read {path}, which holds a secret: chmod 600 {path}")


class Grant:
    """One refresh token. ``file`` keeps what the vendor gives instead of it, readable by its owner alone."""

    def __init__(self, configured: str, file: Path | None) -> None:
        self._refresh = configured
        self._file = file
        # A token that an admin put into the configuration anew outranks what the file kept of an older one.
        self._seed = hashlib.sha256(configured.encode()).hexdigest()

    def access(self, stale: str, exchange: Callable[[str], Tokens]) -> str:
        """Return an access token other than ``stale`` ("": any). ``exchange`` asks the vendor, with a refresh token.

        Raises what ``exchange`` raises, UsageError for a file that others may read, OutsideError for one that
        cannot be written: then the new token would be lost.
        """
        if self._file is None:
            found = exchange(self._refresh)
            self._refresh = found.refresh or self._refresh
            return found.access
        with _locked(self._file):
            kept = self._kept(self._file)
            if kept.access and kept.access != stale:
                return kept.access
            refresh = kept.refresh or self._refresh
            found = exchange(refresh)
            self._keep(self._file, Tokens(found.access, found.refresh or refresh))
        return found.access

    def _kept(self, file: Path) -> Tokens:
        if not file.exists():
            return Tokens("")
        require_private(file)
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            if told["seed"] != self._seed:
                return Tokens("")
            return Tokens(str(told["access_token"]), str(told["refresh_token"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{file} is no file of tokens: delete it, and configure a new refresh token") from error

    def _keep(self, file: Path, tokens: Tokens) -> None:
        told = {"seed": self._seed, "access_token": tokens.access, "refresh_token": tokens.refresh}
        fresh = file.with_name(f"{file.name}.new")
        try:
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                json.dump(told, stream)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(file)
        except OSError as error:
            raise OutsideError(f"the new refresh token cannot be kept in {file}: {error.strerror}") from error


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock beside a file; it is released when the process ends, however it ends."""
    try:
        number = os.open(file.with_name(f"{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UsageError(f"{file} cannot be locked: {error.strerror}; may this user write there?") from error
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(number, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
